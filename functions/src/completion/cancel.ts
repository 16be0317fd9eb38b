/** Cancels a job whose result its user does not want any more. */
import type { Firestore } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { endEarly, wrapUp } from './finish.ts';
import type { FinishDeps } from './finish.ts';

export type CancelDeps = FinishDeps & { readonly db: Firestore; readonly logger: Logger };

/**
 * Cancels an unfinished job. If it has a worker, the worker cannot write anything more, and stops at its next write or heartbeat. What
 * is transcribed stays and counts as speech; the audio is deleted. A job that has ended stays as it is, so cancelling twice does no
 * harm.
 * @throws AppError `job_not_found`
 */
export async function cancelJob(uid: string, jobId: string, deps: CancelDeps): Promise<Job> {
  const cancelled = await endEarly(jobId, 'job_cancelled', (job) => job.uid === uid, deps);
  if (cancelled === null) {
    const job = await deps.jobs.get(jobId);
    if (job?.uid !== uid) throw new AppError('job_not_found');
    return job;
  }
  deps.logger.info('job.cancelled', { jobId, stage: 'cancel', ...cancelled.ledger });
  try {
    await wrapUp(jobId, cancelled, deps, deps.logger);
  } catch (error) {
    deps.logger.warn('job.not_wrapped_up', { jobId, stage: 'cancel', ...errorFields(error) });
  }
  return cancelled;
}
