/** The shapes of HTTP requests and answers. Only these, and the code that reads and writes them, use snake_case. */
import type { ErrorCode } from './errors/catalogue.ts';
import type { Failure, FileState, JobStatus, Stage, WaitingFor } from './job.ts';
import type { AudioLedger } from './ledger.ts';

/** ISO 8601, UTC, milliseconds. */
export type IsoTime = string;

type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S;

export type FailureView = Failure;

export interface FileView {
  readonly name: string;
  readonly state: FileState;
  readonly device_id: string;
  readonly started_at: IsoTime;
  readonly size_bytes: number;
  readonly duration_seconds: number | null;
  readonly speech_seconds: number | null;
  /** The recording through which the same audio is done. */
  readonly duplicate_of: { readonly job_id: string; readonly file: string } | null;
  readonly error: FailureView | null;
}

/** `audio_seconds`, `speech_seconds` and so on. */
export type LedgerView = { readonly [Part in keyof AudioLedger as SnakeCase<Part>]: number };

export function ledgerView(ledger: AudioLedger): LedgerView {
  return {
    audio_seconds: ledger.audioSeconds,
    speech_seconds: ledger.speechSeconds,
    silent_seconds: ledger.silentSeconds,
    duplicate_seconds: ledger.duplicateSeconds,
    failed_seconds: ledger.failedSeconds,
  };
}

export function ledgerFromView(view: LedgerView): AudioLedger {
  return {
    audioSeconds: view.audio_seconds,
    speechSeconds: view.speech_seconds,
    silentSeconds: view.silent_seconds,
    duplicateSeconds: view.duplicate_seconds,
    failedSeconds: view.failed_seconds,
  };
}

export type WaitingForView = WaitingFor<IsoTime>;

/** A job in a list: everything but its files. */
export interface JobSummaryView {
  readonly job_id: string;
  readonly status: JobStatus;
  readonly stage: Stage;
  /** 0 to 100. */
  readonly percent: number;
  readonly device_id: string;
  readonly file_count: number;
  readonly ledger: LedgerView;
  readonly new_conversation_ids: readonly string[];
  readonly updated_conversation_ids: readonly string[];
  readonly failures: readonly FailureView[];
  readonly waiting_for: WaitingForView | null;
  readonly created_at: IsoTime;
  readonly updated_at: IsoTime;
  readonly finished_at: IsoTime | null;
  readonly acknowledged_at: IsoTime | null;
  /** Until then the job can be read. */
  readonly expires_at: IsoTime;
}

/** The answer to `syncStatus`, `retrySyncJob` and `cancelSyncJob`. */
export interface JobView extends JobSummaryView {
  readonly files: readonly FileView[];
}

/** The answer to `syncJobs`. */
export interface JobListView {
  readonly jobs: readonly JobSummaryView[];
  readonly next_page_token: string | null;
}

/** The answer to `syncUpload`. */
export interface UploadView {
  readonly job_id: string;
  readonly status: JobStatus;
  readonly file_count: number;
  /** Names of the recordings whose audio was uploaded before, under any name: they are not transcribed again. */
  readonly duplicate_files: readonly string[];
}

/** Fields of an upload that hold for all of its recordings, as form fields or in the manifest. */
export interface UploadFieldsView {
  readonly device_id?: string | null;
  readonly conversation_id?: string | null;
  readonly clock_offset_ms?: number | null;
  /** An IANA time zone or an offset from UTC. */
  readonly time_zone?: string | null;
}

/** The request of `createSyncJob`. */
export interface CreateJobRequest extends UploadFieldsView {
  readonly files: readonly ManifestFileView[];
  readonly idempotency_key?: string | null;
}

export interface ManifestFileView {
  readonly name: string;
  readonly size_bytes: number;
  /** Base64. */
  readonly md5?: string | null;
}

/** The answer to `createSyncJob`. */
export interface CreatedJobView {
  readonly job_id: string;
  readonly status: JobStatus;
  /** The bucket of Cloud Storage that the paths are in. */
  readonly bucket: string;
  /** Recordings must arrive before this time. */
  readonly expires_at: IsoTime;
  readonly files: readonly {
    readonly name: string;
    /** Where to upload it to, if its state is `expected`. */
    readonly path: string;
    readonly state: FileState;
  }[];
}

/** The request of `retrySyncJob` and `cancelSyncJob`. */
export interface JobRequest {
  readonly job_id: string;
}

/** The request of `acknowledgeSyncJobs`. */
export interface AcknowledgeRequest {
  readonly job_ids: readonly string[];
}

/** The request of `deleteConversation`. */
export interface DeleteConversationRequest {
  readonly conversation_id: string;
}

/** The answer to `acknowledgeSyncJobs`. */
export interface AcknowledgedView {
  /** The given jobs that are the caller's and have ended. They are acknowledged now. */
  readonly acknowledged_job_ids: readonly string[];
}

/**
 * The request of `redateRecordings`. It selects all recordings of a job, some of them, recordings by name in any job, or all with
 * speech of a conversation.
 */
export interface RedateRequest {
  readonly conversation_id?: string | null;
  readonly job_id?: string | null;
  readonly names?: readonly string[] | null;
  /** Added to where each recording lies on the time axis, milliseconds. */
  readonly offset_ms: number;
  /** The same call again with the same key changes nothing more. */
  readonly idempotency_key?: string | null;
}

/** The answer to `redateRecordings`. */
export interface RedatedView {
  readonly recordings: readonly { readonly name: string; readonly job_id: string; readonly started_at: IsoTime }[];
}

/** The answer to `deleteConversation`. */
export interface DeletedConversationView {
  readonly deleted_conversation_id: string;
}

/** The problem of one recording of a request. */
export interface FileProblem {
  readonly file: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** An error. Callables carry it in the details of an SDK's error, with the wait in `retry_after_seconds`. */
export interface ProblemView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: readonly FileProblem[];
}

/** The body of every answer from 400 on. */
export interface ProblemBody {
  readonly error: ProblemView;
}

/** The details of a callable's error. */
export interface CallableProblem extends ProblemView {
  /** Whole seconds after which the same call may succeed; null if waiting does not help. */
  readonly retry_after_seconds: number | null;
}
