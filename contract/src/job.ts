/**
 * The job: one batch of recordings on its way to conversations. `offline_sync_jobs/{jobId}`
 *
 * `Time` is the reader's type for a moment: a Timestamp of either Firebase SDK, or Unix milliseconds in an app's own model.
 */
import type { ErrorCode } from './errors/catalogue.ts';
import type { RecordingFormat } from './format.ts';
import type { AudioLedger } from './ledger.ts';
import type { Instant } from './time.ts';

/**
 * The states of a job that is not finished, in the order of its life.
 * - `uploading`: waits for recordings to arrive. The last arrival makes it `pending`; the sweeper ends it when they take too long.
 * - `pending`: waits in the queue. A delivery of its task makes it `processing`; the sweeper enqueues it again if the task was lost.
 * - `processing`: a worker holds the lease and works on it. When the worker dies, the next delivery continues.
 * - `deferred`: waits for a dependency, for the reason and until the time in `waitingFor`. A task at that time makes it `processing`.
 */
export type ActiveStatus = 'uploading' | 'pending' | 'processing' | 'deferred';

/**
 * The states of a finished job. Only a retry by the user changes them.
 * - `completed`: every second is transcribed, proven silent or proven duplicate.
 * - `partial`: some recordings failed; the rest is done. A retry by the user makes it `pending`.
 * - `failed`: nothing of it could be done. A retry by the user makes it `pending`.
 * - `cancelled`: the user cancelled it.
 */
export type FinishedStatus = 'completed' | 'partial' | 'failed' | 'cancelled';

export type JobStatus = ActiveStatus | FinishedStatus;

const IS_FINISHED: Readonly<Record<ActiveStatus, false> & Record<FinishedStatus, true>> = {
  uploading: false,
  pending: false,
  processing: false,
  deferred: false,
  completed: true,
  partial: true,
  failed: true,
  cancelled: true,
};

/** Every status, in the order of a job's life. */
export const JOB_STATUSES = /* @__PURE__ */ Object.keys(IS_FINISHED) as readonly JobStatus[];

/** Whether a job in this state is finished. */
export function isFinished(status: JobStatus): status is FinishedStatus {
  return IS_FINISHED[status];
}

/**
 * The states of a recording in a job, in the order of its life.
 * - `expected`: declared, not yet in Storage.
 * - `staged`: in Storage, not yet final.
 * - `transcribed`: speech was found and transcribed.
 * - `silent`: decoded to its end, and no speech in it.
 * - `duplicate`: the same bytes are done elsewhere.
 * - `failed`: `error` says why, and whether a retry can help.
 */
export type FileState = 'expected' | 'staged' | 'transcribed' | 'silent' | 'duplicate' | 'failed';

const IS_DONE: Readonly<Record<FileState, boolean>> = {
  expected: false,
  staged: false,
  transcribed: true,
  silent: true,
  duplicate: true,
  failed: false,
};

/** Every state of a recording, in the order of its life. */
export const FILE_STATES = /* @__PURE__ */ Object.keys(IS_DONE) as readonly FileState[];

/** Whether the recording's audio is done: transcribed, proven silent or proven duplicate. A device may delete its copy. */
export function isDone(state: FileState): boolean {
  return IS_DONE[state];
}

/** Whether a recording in this state is final: only a retry by the user changes it. */
export function isFinal(state: FileState): boolean {
  return state !== 'expected' && state !== 'staged';
}

/** What a worker is doing at the moment. */
export type Stage = 'queued' | 'decoding' | 'transcribing' | 'finishing' | 'done';

/** How recordings reach a job: all in one request, or each by itself, directly to Storage. */
export type UploadKind = 'multipart' | 'direct';

/** What went wrong with one recording, or with the whole job. */
export interface Failure {
  /** Name of the recording; null when the failure is the whole job's. */
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

/** Frames of one recording, by their ordinals: `endFrame` is exclusive. */
export interface FrameRange {
  readonly firstFrame: number;
  readonly endFrame: number;
}

/** One recording of a job. Its seconds add up once it is final: what is not speech, duplicate or failed is silent. */
export interface JobFile<Time = Instant> {
  readonly name: string;
  /** Object path: `uploads/{uid}/{jobId}/{name}`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Base64, as Storage keeps it; null before the recording has arrived, unless the upload declared it. */
  readonly md5: string | null;
  readonly format: RecordingFormat;
  readonly deviceId: string;
  readonly startedAt: Time;
  readonly state: FileState;
  /** Null until the frames are read. */
  readonly durationSeconds: number | null;
  /** Seconds that are in the chunks of this job. */
  readonly speechSeconds: number;
  /** Seconds whose result is stored through another recording. */
  readonly duplicateSeconds: number;
  /** Seconds that could not be decoded, or that the transcription service refused. */
  readonly failedSeconds: number;
  /** Frames that the transcription service refused. They are not sent again before a retry by the user. */
  readonly refused: readonly FrameRange[];
  /** The recording through which the same audio is done; null unless the state is `duplicate`. */
  readonly duplicateOf: FileRef | null;
  readonly error: Failure | null;
}

/** A page of a job's recordings, in the order of names. `offline_sync_jobs/{jobId}/job_files/{page}` */
export interface FilePageDoc<Time = Instant> {
  /** The job's user: the security rules check it. */
  readonly uid: string;
  /** For apps that read all pages of a user. */
  readonly jobId: string;
  readonly files: readonly JobFile<Time>[];
  /** The same as the job's. */
  readonly expiresAt: Time;
}

export interface Progress {
  readonly stage: Stage;
  /** 0 to 100. It never falls within an attempt. */
  readonly percent: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly chunksDone: number;
  readonly chunksPlanned: number;
}

/** Which worker may write to the job, and until when. */
export interface JobLease<Time = Instant> {
  readonly owner: string;
  readonly expiresAt: Time;
}

export interface WaitingFor<Time = Instant> {
  /** `uploads`: it waits for recordings to arrive; `queue`: for a worker; `earlier_jobs`: for its turn among the user's jobs. */
  readonly reason: ErrorCode | 'queue' | 'uploads' | 'earlier_jobs';
  readonly message: string;
  readonly until: Time | null;
}

export interface JobUsage {
  readonly requests: number;
  readonly billedSeconds: number;
}

/** The totals of a job's recordings. */
export interface JobTotals {
  /** Recordings by state. */
  readonly fileCounts: Readonly<Record<FileState, number>>;
  /** The sum over all final recordings. */
  readonly ledger: AudioLedger;
  /** The first {@link MAX_LISTED_FAILURES} failures; each recording carries its own. */
  readonly failures: readonly Failure[];
}

/** Recordings of a request that did not become part of its job: see `JobDoc.rejected`. */
export interface Rejected {
  readonly count: number;
  /** The first {@link MAX_LISTED_FAILURES}. */
  readonly first: readonly Failure[];
}

/** Failures that the job's own document lists. */
export const MAX_LISTED_FAILURES = 20;

/** The job's document. It is small because apps listen to it; the state of each recording is in {@link FilePageDoc}. */
export interface JobDoc<Time = Instant> extends JobTotals {
  readonly uid: string;
  /** The device that labels the job. Each recording has its own. */
  readonly deviceId: string;
  readonly status: JobStatus;
  readonly upload: UploadKind;
  /** The first file name of each page of files, in order: the page's id is its index. */
  readonly filePages: readonly string[];
  readonly progress: Progress;
  /** Attempts that acquired the lease since the last progress. */
  readonly attempts: number;
  /** Deferrals in a row because of a dependency. The wait grows with them. */
  readonly deferrals: number;
  /**
   * The recording that is being read, noted from the second attempt in a row on. If that attempt fails too, this recording is the
   * cause.
   */
  readonly reading: string | null;
  readonly lease: JobLease<Time> | null;
  readonly waitingFor: WaitingFor<Time> | null;
  /** The conversation that the upload named; null to assign speech by its time alone. */
  readonly conversationId: string | null;
  /** Conversations that got speech of the job. Some may have been merged into others since. */
  readonly conversationIds: readonly string[];
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  readonly usage: JobUsage;
  /** Rises with every new task; a task with an older epoch is dropped. */
  readonly epoch: number;
  /** Hash of the content that was sent with the Idempotency-Key; null without a key, or if the key may begin another job. */
  readonly contentHash: string | null;
  readonly notifiedAt: Time | null;
  readonly acknowledgedAt: Time | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  readonly finishedAt: Time | null;
  /** When the TTL policy or the sweeper deletes the job. */
  readonly expiresAt: Time;
  /**
   * Recordings of the same request that were not accepted, and are not part of the job. Only for uploads by Omi's API, which accepts
   * the other recordings without them (docs/omi.md); absent if there are none.
   */
  readonly rejected?: Rejected;
}
