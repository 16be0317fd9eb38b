/** `GET /v2/sync/status?job_id=…`: one job of the caller. */
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { isJobId } from '../jobs/job.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { FileStore } from '../jobs/files.ts';
import type { JobStore } from '../jobs/store.ts';
import { isArriving, listStaged, withArrival } from '../upload/arrivals.ts';
import type { UploadedObjects } from '../storage/objects.ts';
import type { Logger } from '../logger.ts';
import type { Authenticate } from '../http/auth.ts';
import { parseQuery } from '../http/query.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobView } from '../http/views.ts';

export interface StatusDeps {
  readonly authenticate: Authenticate;
  readonly jobs: Pick<JobStore, 'get'>;
  readonly files: Pick<FileStore, 'read'>;
  readonly objects: Pick<UploadedObjects, 'list'>;
  readonly logger: Logger;
}

const queryShape = z.object({
  job_id: z.string('give the job_id that the upload returned').min(1, 'give the job_id that the upload returned'),
});

export function createStatusHandler(deps: StatusDeps): HttpHandler {
  const { authenticate, jobs, logger } = deps;
  return route({ name: 'status', method: 'GET', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const { job_id: jobId } = parseQuery(req, queryShape);
    const job = isJobId(jobId) ? await jobs.get(jobId) : null;
    // Somebody else's job answers like none, so that nobody learns which ids exist.
    if (job?.uid !== uid) throw new AppError('job_not_found');
    return { status: 200, body: jobView(jobId, job, await currentFiles(jobId, job, deps)), log: { uid, jobId } };
  });
}

/** The job's recordings; while they arrive, those that lie in Storage are `staged`. */
async function currentFiles(jobId: string, job: Job, deps: StatusDeps): Promise<JobFile[]> {
  const files = (await deps.files.read(jobId, job)).all;
  if (!isArriving(job)) return files;
  const objects = await listStaged(job.uid, jobId, deps);
  return files.map((file) => withArrival(file, objects));
}
