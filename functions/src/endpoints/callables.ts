/** What a user may ask of jobs, as callables: `retrySyncJob`, `cancelSyncJob`, `acknowledgeSyncJobs`. */
import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { jobView } from '../http/views.ts';
import type { AcknowledgedView, JobView } from 'offline-audio-sync-contract';
import type { FileStore } from '../jobs/files.ts';
import { isJobId } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { Logger } from '../logger.ts';
import { acknowledgeJobs } from './acknowledgeSyncJobs.ts';
import type { AcknowledgeDeps } from './acknowledgeSyncJobs.ts';
import { cancelJob } from './cancelSyncJob.ts';
import type { CancelDeps } from './cancelSyncJob.ts';
import { retryJob } from './retrySyncJob.ts';
import type { RetryDeps } from './retrySyncJob.ts';

export interface CallableDeps {
  readonly authenticate: Authenticate;
  readonly files: Pick<FileStore, 'read'>;
  readonly logger: Logger;
}

/** Jobs that one call may acknowledge: as many as one page lists at most. */
const MAX_ACKNOWLEDGED = 100;

const jobIdRule = 'the job_id that the upload returned';
const jobInput = z.object({ job_id: z.string(jobIdRule).min(1, jobIdRule) }, `give {"job_id": …}`);

const isShortList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.length <= MAX_ACKNOWLEDGED;
const jobIdsRule = `1 to ${String(MAX_ACKNOWLEDGED)} job ids`;
const jobIdsInput = z.object(
  {
    // Their number before each of them: a wrong list of a million is one complaint.
    job_ids: z.custom<unknown[]>(isShortList, jobIdsRule).pipe(z.array(z.string(jobIdRule))),
  },
  `give {"job_ids": […]}`,
);

export function createRetryCallable(deps: CallableDeps & RetryDeps): CallableHandler<JobView> {
  return jobCallable('retrySyncJob', deps, (uid, jobId) => retryJob(uid, jobId, deps));
}

export function createCancelCallable(deps: CallableDeps & CancelDeps): CallableHandler<JobView> {
  return jobCallable('cancelSyncJob', deps, (uid, jobId) => cancelJob(uid, jobId, deps));
}

export function createAcknowledgeCallable(deps: CallableDeps & AcknowledgeDeps): CallableHandler<AcknowledgedView> {
  return callable({ ...deps, name: 'acknowledgeSyncJobs', input: jobIdsInput }, async ({ uid }, { job_ids: ids }) => {
    const acknowledged = await acknowledgeJobs(uid, ids, deps);
    return { view: { acknowledged_job_ids: acknowledged }, log: { jobs: acknowledged.length } };
  });
}

/** A callable that does something to one job, and answers with it. */
function jobCallable(
  name: string,
  deps: CallableDeps,
  command: (uid: string, jobId: string) => Promise<Job>,
): CallableHandler<JobView> {
  return callable({ ...deps, name, input: jobInput }, async ({ uid }, { job_id: jobId }) => {
    if (!isJobId(jobId)) throw new AppError('job_not_found');
    const job = await command(uid, jobId);
    const files = (await deps.files.read(jobId, job)).all;
    return { view: jobView(jobId, job, files), log: { jobId, status: job.status } };
  });
}
