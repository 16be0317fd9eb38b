/** The states of a job and the only ways between them. Every write of a status goes through {@link assertTransition}. */
import { isFinished, JOB_STATUSES } from 'offline-audio-sync-contract';
import type { JobStatus } from './job.ts';

export { isFinished, JOB_STATUSES } from 'offline-audio-sync-contract';

const TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  // Jobs without a worker may end too: the sweeper ends one that takes too long, a task ends one that failed too often. It is completed
  // then if all of its recordings are done.
  uploading: ['pending', 'partial', 'failed', 'cancelled'],
  pending: ['processing', 'deferred', 'completed', 'partial', 'failed', 'cancelled'],
  // processing → processing: a worker takes over a dead lease. processing → pending: a task whose time is up.
  processing: ['processing', 'pending', 'deferred', 'completed', 'partial', 'failed', 'cancelled'],
  deferred: ['processing', 'pending', 'completed', 'partial', 'failed', 'cancelled'],
  completed: [],
  // A retry by the user.
  partial: ['pending'],
  failed: ['pending'],
  cancelled: [],
};

/** A bug: code asked for a transition that the table does not have. */
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

/** Every status of a job that has not ended. */
export const ACTIVE_STATUSES = JOB_STATUSES.filter((status) => !isFinished(status));

/** Every status of a job that has not ended and whose upload has. */
export const STARTED_STATUSES = ACTIVE_STATUSES.filter((status) => status !== 'uploading');
