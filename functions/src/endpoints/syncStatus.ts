/** `GET /v2/sync/status?job_id=…`: one job of the caller. */
import { onRequest } from 'firebase-functions/v2/https';
import pLimit from 'p-limit';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { READ_OPTIONS } from '../http/options.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobView } from '../http/views.ts';
import { isJobId } from '../jobs/job.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import { lazily } from '../lazily.ts';
import type { Logger } from '../logger.ts';
import { requireValid, requiredText } from '../validation.ts';

export const options = { ...READ_OPTIONS, concurrency: 80 };

/** Jobs whose recordings one instance reads at the same time: a thousand recordings with long names take ten megabytes. */
const JOBS_AT_ONCE = 8;

export const syncStatus = onRequest(
  options,
  lazily(async () => {
    const [{ requestDeps, jobs, files, objects }, { currentFiles }] = await Promise.all([
      import('../platform.ts'),
      import('../upload/arrivals.ts'),
    ]);
    const deps = { files, objects: objects() };
    return createStatusHandler({
      ...requestDeps({ checkRevoked: false }),
      jobs,
      filesOf: (jobId, job) => currentFiles(jobId, job, deps),
    });
  }),
);

export interface StatusDeps {
  readonly authenticate: Authenticate;
  readonly jobs: Pick<JobStore, 'get'>;
  /** The job's recordings as they are now. */
  readonly filesOf: (jobId: string, job: Job) => Promise<readonly JobFile[]>;
  readonly logger: Logger;
}

const queryShape = z.object({ job_id: requiredText('give the job_id that the upload returned') });

export function createStatusHandler({ authenticate, jobs, filesOf, logger }: StatusDeps): HttpHandler {
  const inTurn = pLimit(JOBS_AT_ONCE);
  return route({ name: 'status', method: 'GET', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const { job_id: jobId } = requireValid(queryShape, req.query);
    const job = isJobId(jobId) ? await jobs.get(jobId) : null;
    // A job of another user gets the same answer as an unknown id, so that no caller learns which ids exist.
    if (job?.uid !== uid) throw new AppError('job_not_found');
    const body = await inTurn(async () => jobView(jobId, job, await filesOf(jobId, job)));
    return { status: 200, body, log: { uid, jobId } };
  });
}
