/** The job as the functions see it: the contract's shapes with the Admin SDK's times, and what only the functions know of it. */
import type { Timestamp } from 'firebase-admin/firestore';
import * as contract from 'offline-audio-sync-contract';

export { JOBS, MAX_LISTED_FAILURES } from 'offline-audio-sync-contract';
export type {
  AudioLedger,
  Failure,
  FileRef,
  FileState,
  JobStatus,
  JobTotals,
  JobUsage,
  Progress,
  Stage,
} from 'offline-audio-sync-contract';

export type Job = contract.JobDoc<Timestamp>;
export type JobFile = contract.JobFile<Timestamp>;
export type WaitingFor = contract.WaitingFor<Timestamp>;

/** Whether a recording has its final state: nothing changes it but a retry by the user. */
export function isFinal({ state }: Pick<JobFile, 'state'>): boolean {
  return contract.isFinal(state);
}

/**
 * Whether a job may have this id. Anything else would be a path of its own in Firestore, and `__x__` is Firestore's own:
 * asking for those would fail, instead of finding nothing.
 */
export function isJobId(value: string): boolean {
  return /^[\w-]{1,128}$/.test(value) && !/^__.*__$/.test(value);
}

/** Payload of the Cloud Task. */
export interface TaskPayload {
  readonly jobId: string;
  readonly uid: string;
  readonly epoch: number;
}
