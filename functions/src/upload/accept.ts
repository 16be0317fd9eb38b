/**
 * Makes a job of checked recordings. The job's document is the lock of an upload: it is written first, as `uploading`, then the
 * recordings are staged, then it becomes `pending`. A crash in between leaves a job in `uploading`: the app finishes it with the same
 * Idempotency-Key, or the sweeper deletes it with its objects. So there is never audio without a job, and no job runs without its
 * audio. Duplicates are never staged.
 */
import { AppError } from '../errors.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import type { JobStore } from '../jobs/store.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { beginJob, requireNotCancelled, RETRY_AFTER_SECONDS, startJob } from './begin.ts';
import type { BeginDeps, BegunJob, NewUpload } from './begin.ts';
import { contentHash } from './idempotency.ts';
import { stagedPath } from '../storage/paths.ts';
import type { Recording } from './recordings.ts';
import { removeAll, stageAll } from '../storage/staging.ts';
import type { StagedObject, Staging } from '../storage/staging.ts';

export interface AcceptDeps extends BeginDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'replace' | 'get' | 'update' | 'discard'>;
  readonly staging: Staging;
  readonly queue: TaskQueue;
  readonly logger: Logger;
}

export interface Upload extends NewUpload {
  readonly recordings: readonly Recording[];
}

export interface AcceptedJob {
  readonly jobId: string;
  readonly job: Job;
  readonly files: readonly JobFile[];
}

/**
 * @throws AppError `idempotency_conflict`; `job_cancelled`, also while the recordings are stored; `conversation_not_found` or
 * `conversation_of_other_device` for an impossible target; `unavailable` if the recordings could not be stored: then nothing of the
 * upload is left.
 */
export async function acceptUpload(deps: AcceptDeps, upload: Upload): Promise<AcceptedJob> {
  const hash = contentHash(upload.recordings, upload.fields);
  const begun = await beginJob(deps, upload, { contentHash: hash, upload: 'multipart' });
  const { jobId, files } = begun;
  const job = begun.job.status === 'uploading' ? await stageJob(deps, begun, upload) : begun.job;
  requireNotCancelled(job);
  // Also for a job that is pending already, whose first enqueue may have been lost. A task that is queued is not doubled.
  if (job.status === 'pending') await enqueueJob(jobId, job, deps);
  return { jobId, job, files };
}

async function stageJob(deps: AcceptDeps, begun: BegunJob, upload: Upload): Promise<Job> {
  const { jobId, job, files } = begun;
  const expected = new Set(files.flatMap(({ name, state }) => (state === 'expected' ? name : [])));
  const objects = upload.recordings
    .filter(({ name }) => expected.has(name))
    .map(({ name, bytes, md5 }) => ({ path: stagedPath(upload.uid, jobId, name), bytes, md5 }));
  const { staged, failure } = await stageAll(deps.staging, objects);
  try {
    if (failure !== null) throw failure;
    return await markStaged(deps, jobId, job);
  } catch (cause) {
    await abandon(deps, begun, staged);
    throw new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
  }
}

async function markStaged({ jobs, files: store }: AcceptDeps, jobId: string, begun: Job): Promise<Job> {
  const isOurs = (job: Job): boolean => job.createdAt.isEqual(begun.createdAt);
  const job = await jobs.update(jobId, async (current, tx) => {
    // A second request with the same key may have been faster. Then the job runs already, with the same bytes.
    if (current.status !== 'uploading' || !isOurs(current)) return null;
    const files = await store.read(jobId, current, { tx });
    files.map((file) => (file.state === 'expected' ? { ...file, state: 'staged' } : file));
    const start = startJob(jobId, files);
    files.write(tx);
    return start;
  });
  if (job === null || !isOurs(job))
    throw new Error('Another request with this key has deleted the job or begun it again.');
  return job;
}

/**
 * Undoes an upload that failed. It deletes the job first: a deleted job cannot start, so its objects have no job. If the job could not
 * be deleted, another request with the same key has started it or begun it again, and the objects at these paths belong to that job. A
 * failure here loses nothing: the job is still `uploading`, and the sweeper deletes it with its objects.
 */
async function abandon(
  { jobs, staging, logger }: AcceptDeps,
  { jobId, job, refund }: BegunJob,
  staged: readonly StagedObject[],
): Promise<void> {
  try {
    const gone = await jobs.discard(jobId, job.createdAt);
    const left = gone ? await removeAll(staging, staged) : 0;
    // While Storage is down, clients send again and again. That must not use up the daily budget of the project.
    if (gone) await refund();
    logger.warn('upload.abandoned', { jobId, stage: 'staging', staged: staged.length, gone, left });
  } catch (error) {
    logger.error('upload.not_cleaned_up', { jobId, stage: 'staging', ...errorFields(error) });
  }
}
