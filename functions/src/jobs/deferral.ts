/** How long a job waits after a failed attempt, and what it says meanwhile. */
import { Timestamp } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { Job } from './job.ts';
import { retryWaitMs } from './lease.ts';
import { isTransient } from './transient.ts';
import type { JobChange } from './store.ts';

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** An operator needs minutes, not seconds. */
const OPERATOR_WAIT_MS = 15 * 60_000;

/** Another job works on the same recording. It takes minutes at most, so the first wait is short. */
const FIRST_DUPLICATE_WAIT_MS = 5000;
const LONGEST_DUPLICATE_WAIT_MS = 2 * 60_000;

/**
 * The change that makes a job wait.
 *
 * If a dependency is down, the attempt is not counted, and the job waits for it as long as its audio is kept. Any other failure is
 * counted, and the waits get longer until the attempts are used up.
 * @param error why the attempt failed. Counts as `internal` unless it is an `AppError` or a passing failure of Firestore.
 * @param jitter 0 to 1.
 */
export function deferral(job: Job, error: unknown, nowMs: number, jitter: number = Math.random()): JobChange {
  const known = reasonOf(error);
  const isCounted = known.code === 'internal';
  const waitMs = isCounted ? Math.max(FIRST_WAIT_MS, retryWaitMs(job.attempts)) : waitFor(job.deferrals, known);
  const untilMs = known.untilMs ?? nowMs + waitMs * (1 + jitter / 4);
  return {
    status: 'deferred',
    lease: null,
    epoch: job.epoch + 1,
    waitingFor: { reason: known.code, message: known.message, until: Timestamp.fromMillis(Math.ceil(untilMs)) },
    ...(isCounted ? {} : { attempts: Math.max(0, job.attempts - 1), deferrals: job.deferrals + 1, reading: null }),
  };
}

function reasonOf(error: unknown): AppError {
  if (error instanceof AppError && error.remedy !== 'never') return error;
  return new AppError(isTransient(error) ? 'unavailable' : 'internal');
}

function waitFor(deferrals: number, { code, remedy, retryAfterSeconds }: AppError): number {
  if (remedy === 'operator') return OPERATOR_WAIT_MS;
  if (code === 'duplicate_in_progress')
    return Math.min(FIRST_DUPLICATE_WAIT_MS * 2 ** deferrals, LONGEST_DUPLICATE_WAIT_MS);
  return Math.max((retryAfterSeconds ?? 0) * 1000, Math.min(FIRST_WAIT_MS * 2 ** deferrals, LONGEST_WAIT_MS));
}
