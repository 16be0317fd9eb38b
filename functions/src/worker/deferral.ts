/** How long a job waits for a dependency, and what it says meanwhile. */
import { Timestamp } from 'firebase-admin/firestore';
import type { AppError } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import type { JobChange } from '../jobs/store.ts';

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** An operator needs minutes, not seconds, and the sweeper or a redeploy need not be raced. */
const OPERATOR_WAIT_MS = 15 * 60_000;

/**
 * The change that makes a job wait. It uses up no attempt: waiting for somebody else is no fault of the job.
 * @param jitter 0 to 1.
 */
export function deferral(job: Job, error: AppError, nowMs: number, jitter: number = Math.random()): JobChange {
  const untilMs = error.untilMs ?? nowMs + waitFor(job.deferrals, error) * (1 + jitter / 4);
  return {
    status: 'deferred',
    lease: null,
    attempts: Math.max(0, job.attempts - 1),
    deferrals: job.deferrals + 1,
    epoch: job.epoch + 1,
    waitingFor: { reason: error.code, message: error.message, until: Timestamp.fromMillis(Math.ceil(untilMs)) },
  };
}

/** Another job works on the same recording: it takes minutes at most, and the answer is worth having soon. */
const FIRST_DUPLICATE_WAIT_MS = 5000;
const LONGEST_DUPLICATE_WAIT_MS = 2 * 60_000;

function waitFor(deferrals: number, { code, remedy, retryAfterSeconds }: AppError): number {
  if (remedy === 'operator') return OPERATOR_WAIT_MS;
  if (code === 'duplicate_in_progress')
    return Math.min(FIRST_DUPLICATE_WAIT_MS * 2 ** deferrals, LONGEST_DUPLICATE_WAIT_MS);
  return Math.max((retryAfterSeconds ?? 0) * 1000, Math.min(FIRST_WAIT_MS * 2 ** deferrals, LONGEST_WAIT_MS));
}
