/** Recordings whose clock runs ahead are not refused: their job waits until their time has come. */
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';

/** @throws AppError `capture_ahead`, until when the last of the recordings that are still to be done has begun. */
export function requireCaptured(files: readonly JobFile[], nowMs: number): void {
  const staged = files.filter(({ state }) => state === 'staged');
  const lastMs = Math.max(0, ...staged.map(({ startedAt }) => startedAt.toMillis()));
  if (lastMs > nowMs + LIMITS.maxClockAheadMs) throw new AppError('capture_ahead', { untilMs: lastMs });
}
