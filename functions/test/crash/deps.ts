/** Constants of the workers and their parent, and the transcriber of both. */
import { RetryTaskError } from '../../src/worker/processJob.ts';
import { createDeepgramTranscriber } from '../../src/transcription/deepgram.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import type { Logger } from '../../src/logger.ts';
import { isContention } from '../support/errors.ts';

export const GAP_MS = 120_000;
export const LEASE_MS = 60_000;
export const WORK_MS = 780_000;
/** The timeout of the task function. */
export const TASK_MS = 900_000;
/** Requests that one worker has in flight at most. */
export const CONCURRENCY = 4;

/** Logs nothing: errors that matter reach the parent, and the others are caused on purpose. */
export const nothing: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @param timeoutMs of one request, milliseconds. */
export function transcriberAt(standInUrl: string, timeoutMs: number, logger: Logger): Transcriber {
  return createDeepgramTranscriber({ apiKey: () => 'crash-suite', baseUrl: () => standInUrl, timeoutMs, logger });
}

/**
 * Whether the queue would deliver the task again after this error: the worker asks for it, or could not get a lock. In the
 * emulator a dead worker keeps the locks of its transaction until they time out.
 */
export function isForTheQueue(error: unknown): boolean {
  return error instanceof RetryTaskError || isContention(error);
}
