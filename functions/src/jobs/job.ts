/** The job: one batch of recordings on its way to conversations. The shape of `offline_sync_jobs/{jobId}` in Firestore. */
import type { Timestamp } from 'firebase-admin/firestore';
import type { ErrorCode } from '../errors.ts';
import type { RecordingFormat } from '../audio/read/format.ts';

export const JOBS = 'offline_sync_jobs';

export type JobStatus =
  | 'uploading' // staged files are still arriving (direct uploads)
  | 'pending' // accepted: a task is, or will be, on its way
  | 'processing' // a worker holds the lease
  | 'deferred' // waits until a time, for a reason
  | 'completed' // every second transcribed, proven silent or proven duplicate
  | 'partial' // some recordings failed for good, the rest is done
  | 'failed' // nothing could be done
  | 'cancelled';

export type FileState =
  | 'expected' // declared, not yet in Storage
  | 'staged'
  | 'transcribed' // speech found and transcribed
  | 'silent' // decoded, and no speech in it
  | 'duplicate' // the same bytes are done elsewhere
  | 'failed';

/** Where every second went. `audio = speech + silent + duplicate + failed`, to the millisecond. */
export interface AudioLedger {
  readonly audioSeconds: number;
  readonly speechSeconds: number;
  readonly silentSeconds: number;
  readonly duplicateSeconds: number;
  readonly failedSeconds: number;
}

export interface Failure {
  /** Recording name; null when the failure is the whole job's. */
  readonly file: string | null;
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether `retrySyncJob` can help. */
  readonly retryable: boolean;
}

/** One recording of one job. */
export interface FileRef {
  readonly jobId: string;
  /** Name of the file in that job. */
  readonly file: string;
}

export interface JobFile {
  readonly name: string;
  /** Object path: `uploads/{uid}/{jobId}/{name}`. */
  readonly path: string;
  readonly size: number;
  /** Base64, as Storage keeps it; null until it has arrived, where nobody said before. */
  readonly md5: string | null;
  readonly format: RecordingFormat;
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly state: FileState;
  /** Known once the frames were read; null before. */
  readonly durationSeconds: number | null;
  /** Seconds of it that could not be decoded; known once it was read. */
  readonly lostSeconds: number | null;
  /** Seconds transcribed; known with its final state. */
  readonly speechSeconds: number | null;
  /** Seconds lost, and speech that was refused for good; known with its final state. */
  readonly failedSeconds: number | null;
  /**
   * Samples at 16 kHz from its start, all of them planned into chunks or silent: scanning goes on behind them. Null once it is
   * scanned to its end. Each recording has its own, because those that a job may take change: duplicates wait, retries come.
   */
  readonly unplannedFrom: number | null;
  /** Where the same audio is done; null unless the state is `duplicate`. */
  readonly duplicateOf: FileRef | null;
  readonly error: Failure | null;
}

/** Up to where a scan has planned recordings, in its order: those before this one wholly, this one up to the sample. */
export interface ResumePoint {
  /** Name of the file. */
  readonly file: string;
  /** Samples at 16 kHz from the file's start. */
  readonly sample: number;
}

export type Stage = 'queued' | 'decoding' | 'transcribing' | 'finishing' | 'done';

export interface Progress {
  readonly stage: Stage;
  /** 0 to 100, never falls within an attempt. */
  readonly percent: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly chunksDone: number;
  readonly chunksPlanned: number;
}

export interface Lease {
  readonly owner: string;
  readonly expiresAt: Timestamp;
}

export interface WaitingFor {
  readonly reason: ErrorCode | 'queue' | 'uploads';
  readonly message: string;
  readonly until: Timestamp | null;
}

export interface JobUsage {
  readonly requests: number;
  readonly billedSeconds: number;
}

export interface Job {
  readonly uid: string;
  /** The device the job is labelled with; each file carries its own. */
  readonly deviceId: string;
  readonly status: JobStatus;
  /** How its recordings come: within one request, or each by itself, straight to Storage. */
  readonly upload: 'multipart' | 'direct';
  readonly files: readonly JobFile[];
  readonly progress: Progress;
  readonly ledger: AudioLedger;
  /** Deliveries that took the lease since the last time work moved on. */
  readonly attempts: number;
  /** Times in a row that it had to wait for a dependency: sets the back-off. */
  readonly deferrals: number;
  readonly lease: Lease | null;
  readonly waitingFor: WaitingFor | null;
  /** Explicit target given at upload; null for assignment by time alone. */
  readonly conversationId: string | null;
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  readonly failures: readonly Failure[];
  readonly usage: JobUsage;
  /** Rises with every redrive; a task with an older epoch is dropped. */
  readonly epoch: number;
  /** Hash of the Idempotency-Key and of the content it stood for; null without a key. */
  readonly contentHash: string | null;
  readonly notifiedAt: Timestamp | null;
  readonly acknowledgedAt: Timestamp | null;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
  readonly finishedAt: Timestamp | null;
  /** When TTL, or the sweeper, removes the job. */
  readonly expiresAt: Timestamp;
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
