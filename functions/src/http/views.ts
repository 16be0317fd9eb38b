/** Converts domain objects to the shapes that clients see. Only this file writes the contract's snake_case. */
import type { Timestamp } from 'firebase-admin/firestore';
import { ledgerView } from 'offline-audio-sync-contract';
import type {
  CreatedJobView,
  FailureView,
  FileView,
  IsoTime,
  JobSummaryView,
  JobView,
  WaitingForView,
} from 'offline-audio-sync-contract';
import { isFinal } from '../jobs/job.ts';
import type { Failure, Job, JobFile, WaitingFor } from '../jobs/job.ts';
import type { JobSummary } from '../jobs/store.ts';

/** @param expiresMs Unix milliseconds. */
export function createdJobView(
  id: string,
  job: Job,
  files: readonly JobFile[],
  bucket: string,
  expiresMs: number,
): CreatedJobView {
  return {
    job_id: id,
    status: job.status,
    bucket,
    expires_at: new Date(expiresMs).toISOString(),
    files: files.map(({ name, path, state }) => ({ name, path, state })),
  };
}

export function jobView(id: string, job: Job, files: readonly JobFile[]): JobView {
  const failures = files.flatMap((file) => (isFinal(file) && file.error !== null ? failureView(file.error) : []));
  return { ...jobSummaryView(id, job), failures, files: files.map(fileView) };
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
    speech_seconds: isFinal(file) ? file.speechSeconds : null,
    duplicate_of: file.duplicateOf && { job_id: file.duplicateOf.jobId, file: file.duplicateOf.file },
    error: file.error && failureView(file.error),
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
