/** The states of a job and the only ways between them. Every write of a status goes through {@link assertTransition}. */
import type { JobStatus } from './job.ts';

const TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  // To an end from where no worker is: the sweeper gives up what takes too long, a task what failed too often, which may be
  // completed but for having been finished.
  uploading: ['pending', 'partial', 'failed', 'cancelled'],
  pending: ['processing', 'deferred', 'completed', 'partial', 'failed', 'cancelled'],
  // processing → processing: a worker takes over a dead lease. processing → pending: a continuation, or a worker that gave up.
  processing: ['processing', 'pending', 'deferred', 'completed', 'partial', 'failed', 'cancelled'],
  deferred: ['processing', 'pending', 'completed', 'partial', 'failed', 'cancelled'],
  completed: [],
  // A retry by the user takes up what failed.
  partial: ['pending'],
  failed: ['pending'],
  cancelled: [],
};

/** Every status there is, in the order of a job's life. */
export const JOB_STATUSES = Object.keys(TRANSITIONS) as readonly JobStatus[];

/** A bug, not a state of the world: code asked for a transition that the table does not have. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
  constructor(from: JobStatus, to: JobStatus) {
    super(`A job cannot go from ${from} to ${to}.`);
  }
}

export function canTransition(from: JobStatus, to: JobStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** @throws IllegalTransitionError */
export function assertTransition(from: JobStatus, to: JobStatus): void {
  if (!canTransition(from, to)) throw new IllegalTransitionError(from, to);
}

/** Whether the job has ended: nothing will move it but a retry by the user. */
export function isFinished(status: JobStatus): boolean {
  return status === 'completed' || status === 'partial' || status === 'failed' || status === 'cancelled';
}

/** Every status of a job that has not ended. */
export const ACTIVE_STATUSES = JOB_STATUSES.filter((status) => !isFinished(status));
