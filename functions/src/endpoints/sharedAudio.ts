/**
 * `GET /v2/sync/shared/audio?audio_id=…`: plays the audio of a shared conversation to anyone who has the link. Each request checks
 * that the share still works. No address of the audio is given out, because it could work for longer than the share.
 */
import { onRequest } from 'firebase-functions/v2/https';
import type { SharedAudioView } from 'offline-audio-sync-contract';
import pLimit from 'p-limit';
import type { SharedAudio } from '../conversations/sharedAudio.ts';
import { AppError } from '../errors.ts';
import { READ_OPTIONS } from '../http/options.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { SHARED_HEADERS, shareTokenOf } from '../http/shareToken.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';

/** Few instances, as in sharedConversation. Ten minutes of two channels are decoded, cut and encoded in memory. */
const options = { ...READ_OPTIONS, memory: '1GiB', maxInstances: 5 } as const;

export const sharedAudio = onRequest(
  options,
  lazily(async () => {
    const [{ budget, keptAudio, sharingDeps }, { readSharedAudio }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/sharedAudio.ts'),
    ]);
    const deps = {
      ...sharingDeps(),
      read: (path: string) => keptAudio().read(path),
      spend: (uid: string, bytes: number) => budget.spend(uid, 'sharedBytes', bytes),
    };
    return createSharedAudioHandler({ read: (token, id) => readSharedAudio(token, id, deps), logger: cloudLogger });
  }),
);

export interface SharedAudioHandlerDeps {
  readonly read: (token: string, audioId: string) => Promise<SharedAudio>;
  readonly logger: Logger;
}

/** Chunks that one instance holds at once. */
const READ_AT_ONCE = 2;

/** The form of a chunk's id. */
const AUDIO_ID = /^[\w-]{28}$/;

export function createSharedAudioHandler({ read, logger }: SharedAudioHandlerDeps): HttpHandler {
  const inTurn = pLimit(READ_AT_ONCE);
  return route({ name: 'sharedAudio', method: 'GET', logger }, async (req) => {
    const token = shareTokenOf(req);
    const { audio_id: id } = req.query;
    if (typeof id !== 'string' || !AUDIO_ID.test(id)) throw new AppError('audio_not_found');
    const body = await inTurn(async () => viewOf(await read(token, id)));
    return { status: 200, headers: SHARED_HEADERS, body, log: { durationMs: body.duration_ms } };
  });
}

function viewOf({ contentType, bytes, durationMs, spans }: SharedAudio): SharedAudioView {
  return {
    content_type: contentType,
    duration_ms: durationMs,
    spans: spans.map((span) => ({ from_ms: span.fromMs, audio_ms: span.audioMs, duration_ms: span.durationMs })),
    audio: Buffer.from(bytes).toString('base64'),
  };
}
