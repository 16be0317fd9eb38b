/** `GET /v2/sync/jobs?status=…&limit=…&page_token=…`: the caller's jobs, newest first. */
import { onRequest } from 'firebase-functions/v2/https';
import type { HttpsOptions } from 'firebase-functions/v2/https';
import type { JobListView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { LIMITS, region } from '../config.ts';
import type { Authenticate } from '../http/auth.ts';
import { parseQuery } from '../http/query.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobSummaryView } from '../http/views.ts';
import { JOB_STATUSES } from '../jobs/stateMachine.ts';
import type { JobStore } from '../jobs/store.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';

/** A page of jobs is megabytes where jobs have hundreds of failures; their files are not read. */
export const options = {
  region,
  invoker: 'public',
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 30,
} as const satisfies HttpsOptions;

export const syncJobs = onRequest(
  options,
  lazily(async () => {
    const { authenticator, jobs } = await import('../platform.ts');
    return createJobsHandler({ authenticate: authenticator({ checkRevoked: false }), jobs, logger: cloudLogger });
  }),
);

export interface JobsDeps {
  readonly authenticate: Authenticate;
  readonly jobs: Pick<JobStore, 'list'>;
  readonly logger: Logger;
}

/** Jobs on a page where the caller asks for no number. */
export const DEFAULT_LIMIT = 20;
/** Characters of a token: ours have about 100. */
export const MAX_TOKEN_LENGTH = 500;

const limitRule = `a whole number from 1 to ${String(LIMITS.maxJobsPerPage)}`;
const queryShape = z.object({
  status: z.enum(JOB_STATUSES, `one of ${JOB_STATUSES.join(', ')}`).optional(),
  limit: z
    .string(limitRule)
    .regex(/^\d{1,9}$/, limitRule)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= LIMITS.maxJobsPerPage, limitRule)
    .default(DEFAULT_LIMIT),
  page_token: z
    .string('the next_page_token of the page before')
    .max(MAX_TOKEN_LENGTH, 'the next_page_token of the page before')
    .optional(),
});

export function createJobsHandler({ authenticate, jobs, logger }: JobsDeps): HttpHandler {
  return route({ name: 'jobs', method: 'GET', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const { status, limit, page_token: pageToken } = parseQuery(req, queryShape);
    const page = await jobs.list({
      uid,
      limit,
      ...(status === undefined ? {} : { status }),
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    const body: JobListView = {
      jobs: page.jobs.map(({ id, job }) => jobSummaryView(id, job)),
      next_page_token: page.nextPageToken,
    };
    return { status: 200, body, log: { uid, jobs: body.jobs.length } };
  });
}
