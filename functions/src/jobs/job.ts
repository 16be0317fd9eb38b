/** The job in the functions: the contract's shapes with the Admin SDK's Timestamps, and what only the functions need. */
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

/** Whether a recording has its final state, which only a retry by the user changes. */
export function isFinal({ state }: Pick<JobFile, 'state'>): boolean {
  return contract.isFinal(state);
}

export { isDocumentId as isJobId } from '../validation.ts';

/** Payload of the Cloud Task. */
export interface TaskPayload {
  readonly jobId: string;
  readonly uid: string;
  readonly epoch: number;
}
