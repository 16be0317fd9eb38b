/**
 * From checked recordings to a job that will run. The job document is the lock of an upload: it is written first, as
 * `uploading`, then the recordings are staged, then it becomes `pending`. Whatever dies in between leaves a job in
 * `uploading` that its sender finishes (same Idempotency-Key) or the sweeper clears away with its objects: never audio
 * without a job, never a job that runs without its audio. Which recordings are duplicates is decided once, with the job: they
 * are never staged, whoever finishes the upload.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import { AppError } from '../errors.ts';
import { asDuplicate } from '../jobs/ingestLedger.ts';
import type { IngestLedger, Original } from '../jobs/ingestLedger.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { newJob, WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobStore } from '../jobs/store.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { contentHash, idempotentJobId } from './idempotency.ts';
import { repeatedRecordings } from './recordings.ts';
import type { Recording } from './recordings.ts';
import type { UploadFields } from './request.ts';
import { removeAll, stageAll, stagedPath } from './staging.ts';
import type { StagedObject, Staging } from './staging.ts';

export interface AcceptDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'get' | 'update' | 'discard'>;
  readonly ingest: Pick<IngestLedger, 'settledElsewhere'>;
  readonly conversations: Pick<ConversationStore, 'resolve'>;
  readonly staging: Staging;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long the job is kept, milliseconds. */
  readonly retentionMs: () => number;
}

export interface Upload {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly fields: UploadFields;
  readonly recordings: readonly Recording[];
}

export interface AcceptedJob {
  readonly jobId: string;
  readonly job: Job;
}

/** Asked of a client whose upload failed on our side, seconds: longer than the retries of the Storage client. */
const RETRY_AFTER_SECONDS = 10;

/**
 * @throws AppError `idempotency_conflict`; `conversation_not_found` or `conversation_of_other_device` for a target that cannot
 * be one; `unavailable` when the recordings could not be stored: nothing is left of the
 * upload then.
 */
export async function acceptUpload(deps: AcceptDeps, upload: Upload): Promise<AcceptedJob> {
  const jobId = upload.idempotencyKey === null ? deps.jobs.newId() : idempotentJobId(upload.uid, upload.idempotencyKey);
  const begun = await beginJob(deps, jobId, upload);
  const job = begun.status === 'uploading' ? await stageJob(deps, jobId, begun, upload) : begun;
  // Also for a job that waits already: its first enqueue may have been lost. A task that is queued stays one task.
  if (job.status === 'pending') await enqueue(deps, jobId, job);
  return { jobId, job };
}

/** Creates the job, or finds the one that an earlier request with this key created. */
async function beginJob(deps: AcceptDeps, jobId: string, upload: Upload): Promise<Job> {
  const { jobs, now, retentionMs } = deps;
  const { uid, recordings, fields, idempotencyKey } = upload;
  const job = newJob({
    uid,
    deviceId: fields.deviceId ?? recordings[0]?.deviceId ?? '',
    files: await jobFiles(deps, jobId, upload),
    conversationId: fields.conversationId,
    contentHash: idempotencyKey === null ? null : contentHash(recordings, fields),
    nowMs: now(),
    retentionMs: retentionMs(),
  });
  const refusal = await refuseTarget(deps, upload);
  if (refusal === null && (await jobs.create(jobId, job))) return job;

  // What was accepted with this key stays accepted: its target may have been deleted since.
  const existing = await jobs.get(jobId);
  // Without a refusal: another request with this key failed, and took its job away, between the two calls.
  if (existing === null) throw refusal ?? new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  if (existing.contentHash !== job.contentHash) throw new AppError('idempotency_conflict');
  return existing;
}

/** Why the recordings cannot be meant for the conversation that the upload names; null when they can. */
async function refuseTarget(
  { conversations }: AcceptDeps,
  { uid, fields, recordings }: Upload,
): Promise<AppError | null> {
  if (fields.conversationId === null) return null;
  const [target] = (await conversations.resolve(uid, [fields.conversationId])).values();
  if (target === undefined) return new AppError('conversation_not_found');
  const isOfItsDevice = recordings.some(({ deviceId }) => deviceId === target.deviceId);
  return isOfItsDevice ? null : new AppError('conversation_of_other_device');
}

async function jobFiles({ ingest }: AcceptDeps, jobId: string, upload: Upload): Promise<JobFile[]> {
  const files = expectedFiles(jobId, upload);
  const repeated = [...repeatedRecordings(upload.recordings)].map(([name, file]): [string, Original] => [
    name,
    { ref: { jobId, file }, durationSeconds: null },
  ]);
  const originals = new Map([...repeated, ...(await ingest.settledElsewhere(upload.uid, files))]);
  return files.map((file) => {
    const original = originals.get(file.name);
    return original === undefined ? file : asDuplicate(file, original);
  });
}

function expectedFiles(jobId: string, { uid, recordings }: Upload): JobFile[] {
  return recordings.map(({ name, bytes, md5, format, deviceId, startedAtMs, durationSeconds }) => ({
    name,
    path: stagedPath(uid, jobId, name),
    size: bytes.length,
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
  }));
}

async function stageJob(deps: AcceptDeps, jobId: string, begun: Job, upload: Upload): Promise<Job> {
  const expected = new Set(begun.files.flatMap(({ name, state }) => (state === 'expected' ? name : [])));
  const objects = upload.recordings
    .filter(({ name }) => expected.has(name))
    .map(({ name, bytes, md5 }) => ({ path: stagedPath(upload.uid, jobId, name), bytes, md5 }));
  const { staged, failure } = await stageAll(deps.staging, objects);
  try {
    if (failure !== null) throw failure;
    return await markStaged(deps, jobId, begun);
  } catch (cause) {
    await abandon(deps, jobId, begun, staged);
    throw new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
  }
}

async function markStaged({ jobs }: AcceptDeps, jobId: string, begun: Job): Promise<Job> {
  const isOurs = (job: Job): boolean => job.createdAt.isEqual(begun.createdAt);
  const job = await jobs.update(jobId, (current) => {
    // A second request with the same key may have been faster: the job is on its way, and these were the same bytes.
    if (current.status !== 'uploading' || !isOurs(current)) return null;
    const files = current.files.map((file) =>
      file.state === 'expected' ? { ...file, state: 'staged' as const } : file,
    );
    return { status: 'pending', files, waitingFor: WAITING_IN_QUEUE };
  });
  if (job === null || !isOurs(job)) throw new Error('Another request with this key failed, and took the job away.');
  return job;
}

/**
 * Takes back an upload that failed. The job goes first: once it is gone nobody can start it, so the objects are nobody's.
 * If it is not gone, another request with the same key made it run, or began anew: the objects at these paths are that
 * job's. Failing here loses nothing: the job is still `uploading`, and the sweeper clears it away with its objects.
 */
async function abandon(
  { jobs, staging, logger }: AcceptDeps,
  jobId: string,
  begun: Job,
  staged: readonly StagedObject[],
): Promise<void> {
  try {
    const gone = await jobs.discard(jobId, begun.createdAt);
    const left = gone ? await removeAll(staging, staged) : 0;
    logger.warn('upload abandoned', { jobId, stage: 'staging', staged: staged.length, gone, left });
  } catch (error) {
    logger.error('upload not cleaned up; the sweeper will', { jobId, stage: 'staging', ...errorFields(error) });
  }
}

/** A job that could not be enqueued stays `pending`: its audio is safe, and the sweeper enqueues it again. */
async function enqueue({ queue, logger }: AcceptDeps, jobId: string, { uid, epoch }: Job): Promise<void> {
  try {
    await queue.enqueue({ jobId, uid, epoch });
  } catch (error) {
    logger.error('job not enqueued; the sweeper will', { jobId, stage: 'enqueue', ...errorFields(error) });
  }
}
