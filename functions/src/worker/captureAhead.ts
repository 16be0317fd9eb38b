/** Makes a job wait if the clock of a recording runs ahead: such recordings are not refused. */
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';

/** @throws AppError `capture_ahead`, with the latest capture time among the recordings that are not done. */
export function requireCaptured(files: readonly JobFile[], nowMs: number): void {
  const staged = files.filter(({ state }) => state === 'staged');
  const lastMs = Math.max(0, ...staged.map(({ startedAt }) => startedAt.toMillis()));
  if (lastMs > nowMs + LIMITS.maxClockAheadMs) throw new AppError('capture_ahead', { untilMs: lastMs });
}
