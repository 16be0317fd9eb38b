/**
 * `GET /v2/sync/shared`: shows a shared conversation to anyone who has the link. The token is a header, so that no log and no
 * Referer has it.
 */
import { onRequest } from 'firebase-functions/v2/https';
import { speakerNumbers } from 'offline-audio-sync-contract';
import type { SharedConversationView } from 'offline-audio-sync-contract';
import pLimit from 'p-limit';
import type { SharedConversation } from '../conversations/sharing.ts';
import { READ_OPTIONS } from '../http/options.ts';
import { route } from '../http/route.ts';
import { SHARED_HEADERS, shareTokenOf } from '../http/shareToken.ts';
import type { HttpHandler } from '../http/route.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';

/** Anyone may call it, so it has few instances: a flood of requests waits in line and costs little. */
const options = { ...READ_OPTIONS, maxInstances: 5 };

export const sharedConversation = onRequest(
  options,
  lazily(async () => {
    const [{ sharingDeps }, { readShared }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/sharing.ts'),
    ]);
    return createSharedHandler({ read: (token) => readShared(token, sharingDeps()), logger: cloudLogger });
  }),
);

export interface SharedDeps {
  readonly read: (token: string) => Promise<SharedConversation>;
  readonly logger: Logger;
}

/** Conversations that one instance reads at once: a long one takes tens of megabytes. */
const READ_AT_ONCE = 4;

export function createSharedHandler({ read, logger }: SharedDeps): HttpHandler {
  const inTurn = pLimit(READ_AT_ONCE);
  return route({ name: 'shared', method: 'GET', logger }, async (req) => {
    const token = shareTokenOf(req);
    const body = await inTurn(async () => viewOf(await read(token)));
    return { status: 200, headers: SHARED_HEADERS, body, log: { segments: body.segments.length } };
  });
}

function viewOf({
  conversation,
  title,
  segments,
  isCut,
  expiresAtMs,
  audible,
}: SharedConversation): SharedConversationView {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const numbers = speakerNumbers(segments);
  return {
    title,
    language: conversation.language,
    started_at: iso(conversation.startedAt.toMillis()),
    finished_at: iso(conversation.finishedAt.toMillis()),
    expires_at: iso(expiresAtMs),
    segments: segments.map(({ startedAt, endedAt, text, speakerName, chunkId, words }, i) => ({
      started_at: iso(startedAt.toMillis()),
      ended_at: iso(endedAt.toMillis()),
      text,
      speaker: numbers[i] ?? null,
      speaker_name: speakerName,
      audio_id: audible.has(chunkId) ? chunkId : null,
      words: audible.has(chunkId) ? words.map((word) => [word.text, word.fromMs, word.toMs]) : null,
    })),
    is_cut: isCut,
  };
}
