/** Reads the audio of a shared conversation without an account. It is stored nowhere: access ends with the link. */
import { HTTP_ENDPOINTS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { ProblemBody, SharedAudioView, SharedConversationView } from 'offline-audio-sync-contract';
import { NOT_LOADED, type PlayedSentence } from '../domain/playback.ts';
import { within } from '../within.ts';
import type { KeptAudio } from './keptAudio.ts';

/** The link was withdrawn or has expired while it was read. */
export class ShareEnded extends Error {}

const USED_UP = 'The daily limit for playing shared audio is reached. It can be played again after midnight UTC.';

/** Time limit for receiving a whole chunk, milliseconds. */
const LIMIT_MS = 120_000;

/**
 * The sentences of a shared conversation that have audio. The conversation counts as one recording, so that the time map of the answer can
 * be used.
 */
export function audibleSentences({ started_at, segments }: SharedConversationView): PlayedSentence[] {
  return segments.flatMap(({ audio_id: chunkId, words, text, started_at: from, ended_at: to }, index) => {
    if (chunkId === null) return [];
    const said = (words ?? []).map(([word, fromMs, toMs]) => ({ text: word, fromMs, toMs }));
    const times = { startedAt: Date.parse(from), endedAt: Date.parse(to), recordingStartedAt: Date.parse(started_at) };
    return [{ id: String(index), ...times, chunkId, text, words: said, recordingId: THE_CONVERSATION }];
  });
}

const THE_CONVERSATION = '';

/**
 * The audio of some sentences; null if it has been deleted.
 * @throws ShareEnded; Error with a sentence for the user
 */
export async function readSharedAudio(token: string, audioId: string): Promise<KeptAudio | null> {
  const { path, method } = HTTP_ENDPOINTS.sharedAudio;
  const load = async () => {
    const response = await fetch(`${path}?audio_id=${encodeURIComponent(audioId)}`, {
      ...{ method, cache: 'no-store' },
      headers: { [SHARE_TOKEN_HEADER]: token },
    });
    return { response, body: (await response.json()) as SharedAudioView | ProblemBody };
  };
  const { response, body } = await within(load(), LIMIT_MS).catch((cause: unknown) => {
    throw new Error(NOT_LOADED, { cause });
  });
  if ('audio' in body) return audioIn(body);
  // Wi-Fi portals answer every request with 200, so the content is checked.
  const code = 'error' in body ? body.error.code : null;
  if (code === 'share_not_found') throw new ShareEnded();
  if (code === 'audio_not_found') return null;
  throw new Error(response.status === 429 ? USED_UP : NOT_LOADED);
}

function audioIn({ audio, content_type: type, duration_ms: durationMs, spans }: SharedAudioView): KeptAudio {
  const bytes = Uint8Array.from(atob(audio), (char) => char.charCodeAt(0));
  return {
    durationMs,
    blob: new Blob([bytes], { type }),
    spans: spans.map((span) => ({
      ...{ recordingId: THE_CONVERSATION, fromMs: span.from_ms },
      ...{ audioMs: span.audio_ms, durationMs: span.duration_ms },
    })),
  };
}
