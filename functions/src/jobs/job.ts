/** The job as the functions see it: the contract's shapes with the Admin SDK's times, and what only the functions know of it. */
import type { Timestamp } from 'firebase-admin/firestore';
import type * as contract from 'offline-audio-sync-contract';

export { JOBS } from 'offline-audio-sync-contract';
export type {
  AudioLedger,
  Failure,
  FileRef,
  FileState,
  JobStatus,
  JobUsage,
  Progress,
  Stage,
} from 'offline-audio-sync-contract';

export type Job = contract.JobDoc<Timestamp>;
export type JobFile = contract.JobFile<Timestamp>;
export type WaitingFor = contract.WaitingFor<Timestamp>;

/** Up to where a scan has planned recordings, in its order: those before this one wholly, this one up to the sample. */
export interface ResumePoint {
  /** Name of the file. */
  readonly file: string;
  /** Samples at 16 kHz from the file's start. */
  readonly sample: number;
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
