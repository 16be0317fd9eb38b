/** `acknowledgeSyncJobs({job_ids})`: the app knows how these jobs ended. */
import type { CallableOptions } from 'firebase-functions/v2/https';
import { LIMITS } from 'offline-audio-sync-contract';
import type { AcknowledgedView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { REGION } from '../config.ts';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { onGuardedCall } from '../http/callableGuard.ts';
import { jobIdRule } from '../http/jobCallable.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';

export const options = {
  region: REGION,
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 60,
} as const satisfies CallableOptions;

export const acknowledgeSyncJobs = onGuardedCall(
  options,
  lazily(async () => {
    const [{ authenticator, jobs }, { acknowledgeJobs }] = await Promise.all([
      import('../platform.ts'),
      import('../jobs/acknowledge.ts'),
    ]);
    return createAcknowledgeCallable({
      authenticate: authenticator({ checkRevoked: false }),
      acknowledge: (uid, jobIds) => acknowledgeJobs(uid, jobIds, { jobs, now: Date.now }),
      logger: cloudLogger,
    });
  }),
);

export interface AcknowledgeDeps {
  readonly authenticate: Authenticate;
  /** @returns the ids that are acknowledged now. */
  readonly acknowledge: (uid: string, jobIds: readonly string[]) => Promise<readonly string[]>;
  readonly logger: Logger;
}

const { maxAcknowledgedJobs } = LIMITS;
const isShortList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.length <= maxAcknowledgedJobs;
const jobIdsRule = `1 to ${String(maxAcknowledgedJobs)} job ids`;
const input = z.object(
  {
    // Their number before each of them: a wrong list of a million is one complaint.
    job_ids: z.custom<unknown[]>(isShortList, jobIdsRule).pipe(z.array(z.string(jobIdRule))),
  },
  `give {"job_ids": […]}`,
);

export function createAcknowledgeCallable(deps: AcknowledgeDeps): CallableHandler<AcknowledgedView> {
  return callable({ ...deps, name: 'acknowledgeSyncJobs', input }, async ({ uid }, { job_ids: ids }) => {
    const acknowledged = await deps.acknowledge(uid, ids);
    return { view: { acknowledged_job_ids: acknowledged }, log: { jobs: acknowledged.length } };
  });
}
