/**
 * The job: one batch of recordings on its way to conversations. `offline_sync_jobs/{jobId}`
 *
 * `Time` is what a moment is for the reader: a Timestamp of either Firebase SDK, or Unix milliseconds in an app's own model.
 */
import type { ErrorCode } from './errors/catalogue.ts';
import type { RecordingFormat } from './format.ts';
import type { AudioLedger } from './ledger.ts';
import type { Instant } from './time.ts';

/**
 * The states of a job that is still to be worked on, in the order of its life.
 * - `uploading`: waits for recordings to arrive. The last arrival makes it `pending`; the sweeper ends it when they take too long.
 * - `pending`: waits in the queue. A delivery of its task makes it `processing`; the sweeper enqueues it again if the task was lost.
 * - `processing`: a worker holds the lease and works on it. When the worker dies, the next delivery continues.
 * - `deferred`: waits for a dependency, for the reason and until the time in `waitingFor`. A task at that time makes it `processing`.
 */
export type ActiveStatus = 'uploading' | 'pending' | 'processing' | 'deferred';

/**
 * The states that nothing but a retry by the user changes.
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

/** Whether a job in this state is finished: nothing but a retry by the user changes it. */
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

/** Whether the recording's audio is done: transcribed, proven silent or proven duplicate. No other copy of it has to be kept. */
export function isDone(state: FileState): boolean {
  return IS_DONE[state];
}

/** Whether a recording in this state is final: nothing changes it but a retry by the user. */
export function isFinal(state: FileState): boolean {
  return state !== 'expected' && state !== 'staged';
}

/** What a worker is doing at the moment. */
export type Stage = 'queued' | 'decoding' | 'transcribing' | 'finishing' | 'done';

/** How recordings reach a job: within one request, or each by itself, straight to Storage. */
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
  /** Known once the frames were read; null before. */
  readonly durationSeconds: number | null;
  /** Seconds of it in the chunks of this job. */
  readonly speechSeconds: number;
  /** Seconds of it whose result is stored through another recording. */
  readonly duplicateSeconds: number;
  /** Seconds that could not be decoded, or that the transcription service refused. */
  readonly failedSeconds: number;
  /** What the transcription service refused: not asked for again before a retry by the user. */
  readonly refused: readonly FrameRange[];
  /** Where the same audio is done; null unless the state is `duplicate`. */
  readonly duplicateOf: FileRef | null;
  readonly error: Failure | null;
}

/** A page of a job's recordings, in the order of names. `offline_sync_jobs/{jobId}/job_files/{page}` */
export interface FilePageDoc<Time = Instant> {
  /** Whose it is: the security rules go by it. */
  readonly uid: string;
  /** For readers of all pages of a user. */
  readonly jobId: string;
  readonly files: readonly JobFile<Time>[];
  /** As the job's. */
  readonly expiresAt: Time;
}

export interface Progress {
  readonly stage: Stage;
  /** 0 to 100, never falls within an attempt. */
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
  /** `uploads`: for recordings to arrive; `queue`: for a worker; `earlier_jobs`: for its turn among the user's own jobs. */
  readonly reason: ErrorCode | 'queue' | 'uploads' | 'earlier_jobs';
  readonly message: string;
  readonly until: Time | null;
}

export interface JobUsage {
  readonly requests: number;
  readonly billedSeconds: number;
}

/** What a job says about its recordings without naming them. */
export interface JobTotals {
  /** Recordings by state. */
  readonly fileCounts: Readonly<Record<FileState, number>>;
  /** Of the recordings that are final. */
  readonly ledger: AudioLedger;
  /** The first {@link MAX_LISTED_FAILURES} failures; each recording carries its own. */
  readonly failures: readonly Failure[];
}

/** What a request held besides its job: see `JobDoc.rejected`. */
export interface Rejected {
  readonly count: number;
  /** The first {@link MAX_LISTED_FAILURES}. */
  readonly first: readonly Failure[];
}

/** Failures that the job's own document lists. */
export const MAX_LISTED_FAILURES = 20;

/** Small, because apps listen to it: what is known of each recording is in its pages of files (`files.ts`). */
export interface JobDoc<Time = Instant> extends JobTotals {
  readonly uid: string;
  /** The device the job is labelled with; each recording carries its own. */
  readonly deviceId: string;
  readonly status: JobStatus;
  readonly upload: UploadKind;
  /** The first file name of each page of files, in order: the page's id is its index. */
  readonly filePages: readonly string[];
  readonly progress: Progress;
  /** Attempts that acquired the lease since the last progress. */
  readonly attempts: number;
  /** Deferrals in a row because of a dependency: sets the wait. */
  readonly deferrals: number;
  /** The recording that an attempt after a failed one is reading: if that fails too, this one is the cause. */
  readonly reading: string | null;
  readonly lease: JobLease<Time> | null;
  readonly waitingFor: WaitingFor<Time> | null;
  /** Explicit target given at upload; null for assignment by time alone. */
  readonly conversationId: string | null;
  /** Conversations that its chunks became part of; some may have been merged into others since. */
  readonly conversationIds: readonly string[];
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  readonly usage: JobUsage;
  /** Rises with every new task; a task with an older epoch is dropped. */
  readonly epoch: number;
  /** Hash of the content that the Idempotency-Key stands for; null without a key, or where the key may begin another job. */
  readonly contentHash: string | null;
  readonly notifiedAt: Time | null;
  readonly acknowledgedAt: Time | null;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  readonly finishedAt: Time | null;
  /** When TTL, or the sweeper, removes the job. */
  readonly expiresAt: Time;
  /**
   * Recordings of the same request that were not accepted, and are no part of the job. Only on a wire that accepts the others of a
   * batch without them (docs/omi.md); missing where there are none.
   */
  readonly rejected?: Rejected;
}
