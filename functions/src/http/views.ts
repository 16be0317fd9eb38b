/** Domain objects as clients see them. snake_case lives here and nowhere else. */
import type { Timestamp } from 'firebase-admin/firestore';
import type { AudioLedger, Failure, Job, JobFile, WaitingFor } from '../jobs/job.ts';
import type { JobSummary } from '../jobs/store.ts';

/** ISO 8601, UTC, milliseconds. */
type IsoTime = string;

export interface FailureView {
  readonly file: string | null;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export interface FileView {
  readonly name: string;
  readonly state: string;
  readonly device_id: string;
  readonly started_at: IsoTime;
  readonly size_bytes: number;
  readonly duration_seconds: number | null;
  readonly speech_seconds: number | null;
  /** Of which recording it is a duplicate. */
  readonly duplicate_of: { readonly job_id: string; readonly file: string } | null;
  readonly error: FailureView | null;
}

export interface LedgerView {
  readonly audio_seconds: number;
  readonly speech_seconds: number;
  readonly silent_seconds: number;
  readonly duplicate_seconds: number;
  readonly failed_seconds: number;
}

export interface WaitingForView {
  readonly reason: string;
  readonly message: string;
  readonly until: IsoTime | null;
}

/** A job in a list: everything but its files. */
export interface JobSummaryView {
  readonly job_id: string;
  readonly status: string;
  readonly stage: string;
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
  /** Until when the job can be asked for. */
  readonly expires_at: IsoTime;
}

export interface JobView extends JobSummaryView {
  readonly files: readonly FileView[];
}

/** The answer to `deleteConversation`. */
export interface DeletedConversationView {
  readonly deleted_conversation_id: string;
}

export interface JobListView {
  readonly jobs: readonly JobSummaryView[];
  readonly next_page_token: string | null;
}

/** The answer to `acknowledgeSyncJobs`. */
export interface AcknowledgedView {
  /** Those of the given jobs that are the caller's, have ended and are acknowledged now. */
  readonly acknowledged_job_ids: readonly string[];
}

/** The answer to an upload. */
export interface UploadView {
  readonly job_id: string;
  readonly status: string;
  readonly file_count: number;
  /** Names of the recordings that were uploaded before under whatever name: they are not transcribed again. */
  readonly duplicate_files: readonly string[];
}

/** The answer to `createSyncJob`. */
export interface CreatedJobView {
  readonly job_id: string;
  readonly status: string;
  /** The bucket of Cloud Storage that the paths are in. */
  readonly bucket: string;
  /** Until when the recordings must have arrived. */
  readonly expires_at: IsoTime;
  readonly files: readonly {
    readonly name: string;
    /** Where it is to be uploaded to, if its state is `expected`. */
    readonly path: string;
    readonly state: string;
  }[];
}

/** @param expiresMs Unix milliseconds. */
export function createdJobView(id: string, job: Job, bucket: string, expiresMs: number): CreatedJobView {
  return {
    job_id: id,
    status: job.status,
    bucket,
    expires_at: new Date(expiresMs).toISOString(),
    files: job.files.map(({ name, path, state }) => ({ name, path, state })),
  };
}

export function jobView(id: string, job: Job): JobView {
  return { ...jobSummaryView(id, job), files: job.files.map(fileView) };
}

export function jobSummaryView(id: string, job: JobSummary): JobSummaryView {
  return {
    job_id: id,
    status: job.status,
    stage: job.progress.stage,
    percent: job.progress.percent,
    device_id: job.deviceId,
    file_count: job.progress.filesTotal,
    ledger: ledgerView(job.ledger),
    new_conversation_ids: job.newConversationIds,
    updated_conversation_ids: job.updatedConversationIds,
    failures: job.failures.map(failureView),
    waiting_for: job.waitingFor && waitingForView(job.waitingFor),
    created_at: isoTime(job.createdAt),
    updated_at: isoTime(job.updatedAt),
    finished_at: job.finishedAt && isoTime(job.finishedAt),
    acknowledged_at: job.acknowledgedAt && isoTime(job.acknowledgedAt),
    expires_at: isoTime(job.expiresAt),
  };
}

function fileView(file: JobFile): FileView {
  return {
    name: file.name,
    state: file.state,
    device_id: file.deviceId,
    started_at: isoTime(file.startedAt),
    size_bytes: file.size,
    duration_seconds: file.durationSeconds,
    speech_seconds: file.speechSeconds,
    duplicate_of: file.duplicateOf && { job_id: file.duplicateOf.jobId, file: file.duplicateOf.file },
    error: file.error && failureView(file.error),
  };
}

function ledgerView(ledger: AudioLedger): LedgerView {
  return {
    audio_seconds: ledger.audioSeconds,
    speech_seconds: ledger.speechSeconds,
    silent_seconds: ledger.silentSeconds,
    duplicate_seconds: ledger.duplicateSeconds,
    failed_seconds: ledger.failedSeconds,
  };
}

function failureView({ file, code, message, retryable }: Failure): FailureView {
  return { file, code, message, retryable };
}

function waitingForView({ reason, message, until }: WaitingFor): WaitingForView {
  return { reason, message, until: until && isoTime(until) };
}

function isoTime(time: Timestamp): IsoTime {
  return time.toDate().toISOString();
}
