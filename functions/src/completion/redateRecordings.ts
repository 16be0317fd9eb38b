/** Corrects dates: decides on the correction, then carries it out. */
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

/** How often it tries again after another correction came in between. */
const TRIES = 5;

/**
 * Corrects dates, and moves everything that is stored of the recordings. If the process dies half-way, the sweeper or the next attempt
 * of one of the user's jobs finishes the correction.
 * @throws AppError `job_not_found`; `recording_not_found`; `invalid_recording`; `unavailable` if other corrections keep coming in
 * between.
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
