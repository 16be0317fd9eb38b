/** Callables that change one job of the caller, and answer with the job. */
import type { JobView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { isJobId } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { FileStore } from '../jobs/files.ts';
import { requiredText } from '../validation.ts';
import { callable } from './callable.ts';
import type { CallableDeps, CallableHandler } from './callable.ts';
import { jobView } from './views.ts';

export interface JobCallableDeps extends CallableDeps {
  readonly name: string;
  readonly files: Pick<FileStore, 'read'>;
  /** @throws AppError `job_not_found` for a job of another user; the errors of the command. */
  readonly command: (uid: string, jobId: string) => Promise<Job>;
}

export const jobIdRule = 'the job_id that the upload returned';
export const jobIdText = requiredText(jobIdRule);
const input = z.object({ job_id: jobIdText }, `give {"job_id": …}`);

export function jobCallable({ files, command, ...options }: JobCallableDeps): CallableHandler<JobView> {
  return callable({ ...options, input }, async ({ uid }, { job_id: jobId }) => {
    if (!isJobId(jobId)) throw new AppError('job_not_found');
    const job = await command(uid, jobId);
    const all = (await files.read(jobId, job)).all;
    return { view: jobView(jobId, job, all), log: { jobId, status: job.status } };
  });
}
