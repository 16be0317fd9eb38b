/** `GET /v2/sync/status?job_id=…`: one job of the caller. */
import { onRequest } from 'firebase-functions/v2/https';
import type { HttpsOptions } from 'firebase-functions/v2/https';
import * as z from 'zod';
import { region } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { parseQuery } from '../http/query.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobView } from '../http/views.ts';
import { isJobId } from '../jobs/job.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { requiredText } from '../validation.ts';

export const options = {
  region,
  invoker: 'public',
  memory: '512MiB',
  concurrency: 80,
  timeoutSeconds: 30,
} as const satisfies HttpsOptions;

export const syncStatus = onRequest(
  options,
  lazily(async () => {
    const [{ authenticator, jobs, files, objects }, { currentFiles }] = await Promise.all([
      import('../platform.ts'),
      import('../upload/arrivals.ts'),
    ]);
    const deps = { files, objects: objects() };
    return createStatusHandler({
      authenticate: authenticator({ checkRevoked: false }),
      jobs,
      filesOf: (jobId, job) => currentFiles(jobId, job, deps),
      logger: cloudLogger,
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
  return route({ name: 'status', method: 'GET', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const { job_id: jobId } = parseQuery(req, queryShape);
    const job = isJobId(jobId) ? await jobs.get(jobId) : null;
    // A job of another user answers like none, so that no caller learns which ids exist.
    if (job?.uid !== uid) throw new AppError('job_not_found');
    return { status: 200, body: jobView(jobId, job, await filesOf(jobId, job)), log: { uid, jobId } };
  });
}
