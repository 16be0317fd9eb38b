/** `GET /v2/sync/status?job_id=…`: one job of the caller. */
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { isJobId } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import type { Authenticate } from '../http/auth.ts';
import { parseQuery } from '../http/query.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobView } from '../http/views.ts';

export interface StatusDeps {
  readonly authenticate: Authenticate;
  readonly jobs: Pick<JobStore, 'get'>;
  readonly logger: Logger;
}

const queryShape = z.object({
  job_id: z.string('give the job_id that the upload returned').min(1, 'give the job_id that the upload returned'),
});

export function createStatusHandler({ authenticate, jobs, logger }: StatusDeps): HttpHandler {
  return route({ name: 'status', method: 'GET', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const { job_id: jobId } = parseQuery(req, queryShape);
    const job = isJobId(jobId) ? await jobs.get(jobId) : null;
    // Somebody else's job answers like none, so that nobody learns which ids exist.
    if (job?.uid !== uid) throw new AppError('job_not_found');
    return { status: 200, body: jobView(jobId, job), log: { uid, jobId } };
  });
}
