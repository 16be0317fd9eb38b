/**
 * The beginning of a job, whichever way its recordings come: the job document is the lock of an upload. Which recordings are
 * duplicates is decided once, with the job, as far as it can be told by then.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import { AppError } from '../errors.ts';
import { asDuplicate } from '../jobs/ingestLedger.ts';
import type { IngestLedger, Original } from '../jobs/ingestLedger.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { MAX_DOCUMENT_BYTES, mostBytes } from '../jobs/size.ts';
import { newJob, WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobChange, JobStore } from '../jobs/store.ts';
import type { DailyBudget } from '../usage/budget.ts';
import type { FairUse } from '../usage/fairUse.ts';
import { idempotentJobId } from './idempotency.ts';
import { stagedPath } from '../storage/paths.ts';
import { repeatedRecordings } from './recordings.ts';
import type { DeclaredRecording } from './recordings.ts';
import type { UploadFields } from './request.ts';

export interface BeginDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'get'>;
  readonly ingest: Pick<IngestLedger, 'settledElsewhere'>;
  readonly conversations: Pick<ConversationStore, 'resolve'>;
  readonly fairUse: Pick<FairUse, 'refuseUpload'>;
  readonly budget: Pick<DailyBudget, 'refuse' | 'count'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long the job is kept, milliseconds. */
  readonly retentionMs: () => number;
}

export interface NewUpload {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly fields: UploadFields;
  readonly recordings: readonly DeclaredRecording[];
}

/** What the two ways in do differently. */
export interface UploadWay {
  /** What an Idempotency-Key stands for. */
  readonly contentHash: string;
  /** How long the recordings may take to come straight to Storage, milliseconds; null where the request itself brings them. */
  readonly arriveWithinMs: number | null;
}

export interface BegunJob {
  readonly jobId: string;
  readonly job: Job;
  /** Whether it is of this request, and not of an earlier one with the same key. */
  readonly isNew: boolean;
}

/** Asked of a client whose upload failed on our side, seconds: longer than the retries of the Storage client. */
export const RETRY_AFTER_SECONDS = 10;

/**
 * Creates the job, or finds the one that an earlier request with this key created.
 * @throws AppError
 * - `too_many_files`: the job would be more than one document holds;
 * - `conversation_not_found`, `conversation_of_other_device`: these recordings cannot become part of the conversation named;
 * - `fair_use_restricted`, `too_many_jobs`, `daily_budget_used`, `project_budget_used`: the user may upload nothing new at the moment;
 * - `idempotency_conflict`: an earlier request with this key had other content;
 * - `unavailable`: another request with this key failed at the same moment, and took its job away.
 */
export async function beginJob(deps: BeginDeps, sent: NewUpload, way: UploadWay): Promise<BegunJob> {
  const { jobs, now, retentionMs } = deps;
  const { uid, recordings, fields, idempotencyKey } = sent;
  const jobId = idempotencyKey === null ? jobs.newId() : idempotentJobId(uid, idempotencyKey);
  const job = newJob({
    uid,
    deviceId: fields.deviceId ?? recordings[0]?.deviceId ?? '',
    files: await jobFiles(deps, jobId, sent),
    arriveWithinMs: way.arriveWithinMs,
    conversationId: fields.conversationId,
    contentHash: idempotencyKey === null ? null : way.contentHash,
    nowMs: now(),
    retentionMs: retentionMs(),
  });
  if (mostBytes(job) > MAX_DOCUMENT_BYTES) {
    throw new AppError('too_many_files', { message: 'Too many recordings with names this long; make several jobs.' });
  }
  const refusal =
    (await refuseTarget(deps, sent)) ??
    (await deps.fairUse.refuseUpload(uid)) ??
    (await deps.budget.refuse(uid, 'uploadedBytes'));
  if (refusal === null && (await jobs.create(jobId, job))) {
    const expected = job.files.filter(({ state }) => state === 'expected');
    const bytes = expected.reduce((sum, { size }) => sum + size, 0);
    if (bytes > 0) await deps.budget.count(uid, 'uploadedBytes', bytes);
    return { jobId, job, isNew: true };
  }

  // What was accepted with this key stays accepted: its target may have been deleted since, or the user restricted.
  const existing = await jobs.get(jobId);
  // Without a refusal: another request with this key failed, and took its job away, between the two calls.
  if (existing === null) throw refusal ?? new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  if (existing.contentHash !== job.contentHash) throw new AppError('idempotency_conflict');
  return { jobId, job: existing, isNew: false };
}

/** The change that makes a job run once its last recording is there; null while one is missing. */
export function startOf(jobId: string, files: readonly JobFile[]): JobChange | null {
  if (files.some(({ state }) => state === 'expected')) return null;
  return { status: 'pending', files: markRepeated(jobId, files), waitingFor: WAITING_IN_QUEUE };
}

/** Those whose MD5 only Storage knew may repeat one another, too. */
function markRepeated(jobId: string, files: readonly JobFile[]): JobFile[] {
  const staged = files.filter(({ state }) => state === 'staged');
  const repeated = repeatedRecordings(staged.map((file) => ({ ...file, startedAtMs: file.startedAt.toMillis() })));
  return files.map((file) => {
    const first = repeated.get(file.name);
    return first === undefined ? file : asDuplicate(file, originalIn(jobId, first));
  });
}

function originalIn(jobId: string, file: string): Original {
  return { ref: { jobId, file }, durationSeconds: null };
}

/** Why the recordings cannot be meant for the conversation that the upload names; null when they can. */
async function refuseTarget(
  { conversations }: BeginDeps,
  { uid, fields, recordings }: NewUpload,
): Promise<AppError | null> {
  if (fields.conversationId === null) return null;
  const [target] = (await conversations.resolve(uid, [fields.conversationId])).values();
  if (target === undefined) return new AppError('conversation_not_found');
  const isOfItsDevice = recordings.some(({ deviceId }) => deviceId === target.deviceId);
  return isOfItsDevice ? null : new AppError('conversation_of_other_device');
}

async function jobFiles({ ingest }: BeginDeps, jobId: string, { uid, recordings }: NewUpload): Promise<JobFile[]> {
  const files = recordings.map((recording) => expectedFile(uid, jobId, recording));
  const repeated = [...repeatedRecordings(recordings)].map(([name, first]): [string, Original] => [
    name,
    originalIn(jobId, first),
  ]);
  const originals = new Map([...repeated, ...(await ingest.settledElsewhere(uid, files))]);
  return files.map((file) => {
    const original = originals.get(file.name);
    return original === undefined ? file : asDuplicate(file, original);
  });
}

function expectedFile(uid: string, jobId: string, recording: DeclaredRecording): JobFile {
  const { name, size, md5, format, deviceId, startedAtMs, durationSeconds } = recording;
  return {
    name,
    path: stagedPath(uid, jobId, name),
    size,
    md5,
    format,
    deviceId,
    startedAt: Timestamp.fromMillis(startedAtMs),
    state: 'expected',
    durationSeconds,
    lostSeconds: null,
    speechSeconds: null,
    failedSeconds: null,
    unplannedFrom: 0,
    duplicateOf: null,
    error: null,
  };
}
