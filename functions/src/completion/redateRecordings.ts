/** A user corrects dates: the decision, and what follows from it. */
import { AppError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { RedatingUnderWayError } from '../jobs/redatings.ts';
import type { Logger } from '../logger.ts';
import { decideRedating } from './decideRedating.ts';
import type { DecideDeps, DecidedRedating, RedatingRequest } from './decideRedating.ts';
import { finishRedating } from './redate.ts';
import type { RedateDeps } from './redate.ts';

export type RedateRecordingsDeps = DecideDeps & RedateDeps & { readonly queue: TaskQueue; readonly logger: Logger };

/** How often it waits for a correction that began between two looks. */
const TRIES = 5;

/**
 * Corrects dates, and moves what is stored of the recordings. What dies half-way is brought to its end by the sweeper, or by the
 * next attempt of a job of this user.
 * @throws AppError `job_not_found`; `recording_not_found`; `invalid_recording`; `unavailable` when other corrections come in between.
 */
export async function redateRecordings(
  request: RedatingRequest,
  deps: RedateRecordingsDeps,
): Promise<DecidedRedating['recordings']> {
  const { recordings, restarted } = await decide(request, deps);
  for (const { jobId, job } of restarted) await enqueueJob(jobId, job, deps);
  await finishRedating(request.uid, deps);
  return recordings;
}

async function decide(request: RedatingRequest, deps: RedateRecordingsDeps): Promise<DecidedRedating> {
  for (let tries = 0; tries < TRIES; tries++) {
    await finishRedating(request.uid, deps);
    try {
      return await deps.db.runTransaction((tx) => decideRedating(tx, request, deps));
    } catch (error) {
      if (!(error instanceof RedatingUnderWayError)) throw error;
    }
  }
  throw new AppError('unavailable', { retryAfterSeconds: 10 });
}
