/** Figures that workers and their parent share, and the transcriber that they are given. */
import { RetryTaskError } from '../../src/worker/processJob.ts';
import { createDeepgramTranscriber } from '../../src/transcription/deepgram.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import type { Logger } from '../../src/logger.ts';
import { isContention } from '../support/errors.ts';

export const GAP_MS = 120_000;
export const LEASE_MS = 60_000;
export const WORK_MS = 780_000;
/** As the task function's timeout. */
export const TASK_MS = 900_000;
/** Requests of one worker to the transcription service at once. */
export const CONCURRENCY = 4;

/** Errors that matter reach the parent; the rest would only be noise of what was told to fail. */
export const nothing: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @param timeoutMs for one request, milliseconds. */
export function transcriberAt(standInUrl: string, timeoutMs: number, logger: Logger): Transcriber {
  return createDeepgramTranscriber({ apiKey: () => 'crash-suite', baseUrl: () => standInUrl, timeoutMs, logger });
}

/**
 * Whether an error of a delivery is one that the queue answers by delivering again: the worker says so, or it waited in vain for
 * a lock. In the emulator a dead worker keeps the locks of its transaction until they time out.
 */
export function isForTheQueue(error: unknown): boolean {
  return error instanceof RetryTaskError || isContention(error);
}
