/** `GET /v2/sync/jobs?status=…&limit=…&page_token=…`: the caller's jobs, newest first. */
import { onRequest } from 'firebase-functions/v2/https';
import type { JobListView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { LIMITS } from 'offline-audio-sync-contract';
import type { Authenticate } from '../http/auth.ts';
import { READ_OPTIONS } from '../http/options.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { jobSummaryView } from '../http/views.ts';
import { JOB_STATUSES } from '../jobs/stateMachine.ts';
import type { JobStore } from '../jobs/store.ts';
import { lazily } from '../lazily.ts';
import type { Logger } from '../logger.ts';
import { requireValid } from '../validation.ts';

export const syncJobs = onRequest(
  READ_OPTIONS,
  lazily(async () => {
    const { requestDeps, jobs } = await import('../platform.ts');
    return createJobsHandler({ ...requestDeps({ checkRevoked: false }), jobs });
  }),
);

export interface JobsDeps {
  readonly authenticate: Authenticate;
  readonly jobs: Pick<JobStore, 'list'>;
  readonly logger: Logger;
}

/** Jobs on a page if the caller gives no `limit`. */
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
    const { status, limit, page_token: pageToken } = requireValid(queryShape, req.query);
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
