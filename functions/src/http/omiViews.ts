/**
 * The part of Omi's public API that moves recordings, as its app reads it (BasedHardware/omi: `backend/routers/sync.py`,
 * `app/lib/backend/http/api/conversations.dart`). Omi calls a conversation a memory. Omi counts pieces of speech; this service counts
 * recordings, because an app keeps recordings until they are done.
 */
import { isFinished } from 'offline-audio-sync-contract';
import type { ProblemBody } from 'offline-audio-sync-contract';
import { joinSegments } from '../conversations/paragraphs.ts';
import type { Conversation, Segment } from '../conversations/conversation.ts';
import type { Failure, Job, JobStatus } from '../jobs/job.ts';

export type OmiStatus = 'queued' | 'processing' | 'completed' | 'partial_failure' | 'failed';

/** Omi also has a separate queue `backfill`, which this service does not need. */
const LANE = 'fresh';
/** How long Omi's app waits before it asks for a job again, milliseconds. */
const POLL_AFTER_MS = 3000;
/** Sentences that a result lists, as many as Omi's does. */
const MAX_ERRORS = 10;

/** The 202 of `POST /v2/sync-local-files`. */
export function omiStart(jobId: string, job: Job) {
  const { total } = countsOf(job);
  const status = omiStatus(job);
  const poll_after_ms = isFinished(job.status) ? 0 : POLL_AFTER_MS;
  return { job_id: jobId, status, total_files: total, total_segments: total, poll_after_ms, lane: LANE };
}

/** The answer to `GET /v2/sync-local-files/{job_id}`. @param nowMs Unix milliseconds */
export function omiJob(jobId: string, job: Job, nowMs: number) {
  const { total, successful, failed } = countsOf(job);
  const failures = [...job.failures, ...(job.rejected?.first ?? [])];
  const hasEnded = isFinished(job.status);
  const status = omiStatus(job);
  const until = hasEnded ? null : (job.waitingFor?.until ?? null);
  const error = status === 'failed' ? sentenceOf(job.status, failures) : undefined;
  return {
    job_id: jobId,
    status,
    total_segments: total,
    processed_segments: successful + failed,
    successful_segments: successful,
    failed_segments: failed,
    lane: LANE,
    reason_code: hasEnded ? (failures[0]?.code ?? null) : job.status === 'deferred' ? waitOf(job) : null,
    // Seconds.
    retry_after: until === null ? null : Math.max(0, Math.ceil((until.toMillis() - nowMs) / 1000)),
    recording_age_seconds: null,
    // Once the job has ended.
    ...(hasEnded && {
      result: {
        new_memories: job.newConversationIds,
        updated_memories: job.updatedConversationIds,
        failed_segments: failed,
        total_segments: total,
        errors: failures.slice(0, MAX_ERRORS).map(nameAndMessage),
      },
    }),
    ...(error !== undefined && { error }),
  };
}

const STATUSES: Readonly<Record<JobStatus, OmiStatus>> = {
  uploading: 'queued',
  pending: 'queued',
  deferred: 'queued',
  processing: 'processing',
  completed: 'completed',
  partial: 'partial_failure',
  failed: 'failed',
  cancelled: 'failed',
};

/** Omi's app deletes its copies of the recordings of a completed job. So a job is a partial failure if a recording was not accepted. */
function omiStatus({ status, rejected }: Job): OmiStatus {
  return status === 'completed' && rejected !== undefined ? 'partial_failure' : STATUSES[status];
}

function countsOf({ fileCounts, rejected }: Job) {
  const { transcribed, silent, duplicate, failed, expected, staged } = fileCounts;
  const successful = transcribed + silent + duplicate;
  const notDone = failed + (rejected?.count ?? 0);
  return { successful, failed: notDone, total: successful + notDone + expected + staged };
}

function waitOf({ waitingFor }: Job): string | null {
  return waitingFor?.reason ?? null;
}

function nameAndMessage({ file, message }: Failure): string {
  return file === null ? message : `${file}: ${message}`;
}

function sentenceOf(status: JobStatus, failures: readonly Failure[]): string {
  const [first] = failures;
  if (first !== undefined) return nameAndMessage(first);
  return status === 'cancelled' ? 'The job was cancelled.' : 'Nothing of the job could be done.';
}

/**
 * The answer to `GET /v1/conversations/{id}`, with the fields that this service has.
 * @param segments all segments of the conversation
 */
export function omiConversation(id: string, conversation: Conversation, segments: readonly Segment[]) {
  return {
    id,
    created_at: conversation.createdAt.toDate().toISOString(),
    started_at: conversation.startedAt.toDate().toISOString(),
    finished_at: conversation.finishedAt.toDate().toISOString(),
    structured: {
      title: conversation.title ?? '',
      overview: conversation.overview ?? '',
      emoji: '',
      category: 'other',
      action_items: [],
      events: [],
    },
    transcript_segments: omiSegments(id, conversation.startedAt.toMillis(), segments),
    apps_results: [],
    photos: [],
    geolocation: null,
    external_data: null,
    source: 'omi',
    language: conversation.language,
    status: 'completed',
    discarded: conversation.relevance === 'fillers',
    deleted: false,
  };
}

/** Speakers are `SPEAKER_00` and on, in order of appearance; times are seconds from the start of the conversation. */
function omiSegments(id: string, startMs: number, segments: readonly Segment[]) {
  const voices = new Map<number | null, number>();
  return joinSegments(segments).map((paragraph, index) => {
    const voice = voices.get(paragraph.speaker) ?? voices.size;
    voices.set(paragraph.speaker, voice);
    return {
      id: `${id}-${index}`,
      text: paragraph.text,
      speaker: `SPEAKER_${String(voice).padStart(2, '0')}`,
      speaker_id: voice,
      is_user: false,
      person_id: null,
      start: (paragraph.startMs - startMs) / 1000,
      end: (paragraph.endMs - startMs) / 1000,
    };
  });
}

/** An error in the shape of FastAPI, which Omi's apps read, and also in this service's own shape. */
export function omiProblem({ error }: ProblemBody): object {
  if (error.code === 'path_not_found') return { error }; // It is no part of Omi's API.
  const [first] = error.details;
  const detail = first === undefined ? error.message : `${first.file}: ${first.message}`;
  return { detail, code: error.code, error };
}

/** The header by which Omi's app tells a limit of the user from one of the service. */
export function omiHeaders({ error }: ProblemBody): Record<string, string> {
  return error.code === 'fair_use_restricted' ? { 'X-Omi-Rate-Limit-Reason': 'fair_use' } : {};
}
