/** Direct uploads: the job is created first, and its recordings arrive in Storage one by one. */
import { AppError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { FileStore } from '../jobs/files.ts';
import type { JobStore } from '../jobs/store.ts';
import { receiveAll, withArrival } from './arrivals.ts';
import type { ArrivalDeps } from './arrivals.ts';
import { beginJob, requireNotCancelled } from './begin.ts';
import type { BeginDeps, BegunJob, NewUpload } from './begin.ts';
import { manifestHash } from './idempotency.ts';

export interface DirectUploadDeps extends BeginDeps, ArrivalDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'replace' | 'get' | 'update'>;
  readonly files: FileStore;
}

/**
 * Creates the job of a manifest, or finds the one that an earlier call with the same key created.
 * @throws AppError as `beginJob`; `unavailable` if the job was deleted meanwhile.
 */
export async function beginDirectUpload(upload: NewUpload, deps: DirectUploadDeps): Promise<BegunJob> {
  const contentHash = manifestHash(upload.recordings, upload.fields);
  const begun = await beginJob(deps, upload, { contentHash, upload: 'direct' });
  const current = await bringUpToDate(upload.uid, begun, deps);
  requireNotCancelled(current.job);
  return current;
}

/** Starts a job that waits for no recording, and handles recordings that have arrived for a job of an earlier call. */
async function bringUpToDate(uid: string, begun: BegunJob, deps: DirectUploadDeps): Promise<BegunJob> {
  const { jobId, isNew } = begun;
  if (begun.job.status !== 'uploading') {
    // Its first enqueue may have been lost. A task that is queued is not doubled.
    if (begun.job.status === 'pending') await enqueueJob(jobId, begun.job, deps);
    return begun;
  }
  if (isNew && begun.job.fileCounts.expected > 0) return begun;
  const objects = await receiveAll(uid, jobId, deps);
  const job = await deps.jobs.get(jobId);
  if (job === null) throw new AppError('unavailable');
  const files = (await deps.files.read(jobId, job)).all.map((file) => withArrival(file, objects));
  return { ...begun, job, files };
}
