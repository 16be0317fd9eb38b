/** Transcribes one chunk, and places its words on the absolute time axis. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedChunk, Span } from '../audio/chunk/chunks.ts';
import { placeInterval } from '../audio/chunk/timeMap.ts';
import type { TimedWord } from '../conversations/conversation.ts';
import { AppError } from '../errors.ts';
import type {
  TranscribedWord,
  Transcriber,
  Transcription,
  TranscriptionRequest,
} from '../transcription/transcriber.ts';

/** A word in absolute time, and the recording that it begins in. */
export interface PlacedWord extends TimedWord {
  readonly fileName: string;
}

/** Converts words in chunk time to words in absolute time, in order. */
export function placeWords(words: readonly TranscribedWord[], spans: readonly Span[]): PlacedWord[] {
  return words
    .map(({ startSeconds, endSeconds, ...word }) => ({
      ...word,
      ...placeInterval(spans, { startMs: startSeconds * 1000, endMs: endSeconds * 1000 }),
    }))
    .sort((a, b) => a.startMs - b.startMs);
}

/** The words of a request: those of the context, and those of the chunk. */
export interface ChunkWords {
  readonly context: readonly PlacedWord[];
  readonly words: readonly PlacedWord[];
}

/** Converts the words of a request to absolute time, and divides them into those of the context and those of the chunk. */
export function placeChunkWords(
  words: readonly TranscribedWord[],
  { context, spans }: Pick<PlannedChunk, 'context' | 'spans'>,
): ChunkWords {
  const contextSeconds = context.durationMs / 1000;
  const isBefore = ({ startSeconds, endSeconds }: TranscribedWord): boolean =>
    startSeconds + endSeconds < 2 * contextSeconds;
  const own = words.flatMap((word) => {
    if (isBefore(word)) return [];
    const { startSeconds, endSeconds } = word;
    return [
      {
        ...word,
        startSeconds: Math.max(0, startSeconds - contextSeconds),
        endSeconds: endSeconds - contextSeconds,
      },
    ];
  });
  return { context: placeWords(words.filter(isBefore), context.spans), words: placeWords(own, spans) };
}

/** Tries of one request within an attempt. After them the job is deferred, which frees its worker. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 20_000;
/** A request that failed only after this long is not repeated: the job is deferred. */
const LONGEST_TRIES_MS = 2 * 60_000;

/** How long a chunk may be tried. */
export interface RequestTime {
  readonly signal: AbortSignal;
  /**
   * After this moment an answer is of no use, Unix milliseconds. The platform ends the worker soon after, and an end without warning
   * would cost an attempt and leave a job that does not say what it waits for.
   */
  readonly endsMs: number;
  readonly now: () => number;
}

/**
 * Sends a request, and repeats it if that can help soon. Nothing else repeats requests.
 * @throws AppError the last failure, if a repetition cannot help or would take too long; `transcription_unavailable` if the time is
 * over; the signal's reason.
 */
export async function transcribeWithRetries(
  transcriber: Transcriber,
  request: TranscriptionRequest,
  time: RequestTime,
): Promise<Transcription> {
  const { signal, endsMs, now } = time;
  const beganMs = now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await transcribeInTime(transcriber, request, time);
    } catch (error) {
      if (!(error instanceof AppError) || error.remedy !== 'later' || attempt === TRIES) throw error;
      const pauseMs = (error.retryAfterSeconds ?? 0) * 1000 || FIRST_PAUSE_MS * 4 ** (attempt - 1);
      const isSoon = pauseMs <= LONGEST_PAUSE_MS && now() - beganMs <= LONGEST_TRIES_MS;
      // Jitter upwards only: never before the service asked for.
      const waitMs = pauseMs * (1 + Math.random() / 2);
      if (!isSoon || now() + waitMs >= endsMs) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

async function transcribeInTime(
  transcriber: Transcriber,
  request: TranscriptionRequest,
  { signal, endsMs, now }: RequestTime,
): Promise<Transcription> {
  const end = AbortSignal.timeout(Math.max(0, endsMs - now()));
  try {
    return await transcriber.transcribe(request, AbortSignal.any([signal, end]));
  } catch (error) {
    if (signal.aborted || !end.aborted) throw error;
    throw new AppError('transcription_unavailable', { cause: end.reason });
  }
}
