/** `acknowledgeSyncJobs({job_ids})`: marks jobs as known to the app, so that it is not told of their end again. */
import { LIMITS } from 'offline-audio-sync-contract';
import type { AcknowledgedView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { jobIdRule } from '../http/jobCallable.ts';
import { boundedList } from '../validation.ts';

export const acknowledgeSyncJobs = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, jobs }, { acknowledgeJobs }] = await Promise.all([
    import('../platform.ts'),
    import('../jobs/acknowledge.ts'),
  ]);
  return createAcknowledgeCallable({
    ...requestDeps({ checkRevoked: false }),
    acknowledge: (uid, jobIds) => acknowledgeJobs(uid, jobIds, { jobs, now: Date.now }),
  });
});

export interface AcknowledgeDeps extends CallableDeps {
  /** @returns the ids that are acknowledged now. */
  readonly acknowledge: (uid: string, jobIds: readonly string[]) => Promise<readonly string[]>;
}

const { maxAcknowledgedJobs } = LIMITS;
const jobIdsRule = `1 to ${String(maxAcknowledgedJobs)} job ids`;
const input = z.object(
  { job_ids: boundedList(maxAcknowledgedJobs, z.string(jobIdRule), jobIdsRule) },
  `give {"job_ids": […]}`,
);

export function createAcknowledgeCallable(deps: AcknowledgeDeps): CallableHandler<AcknowledgedView> {
  return callable({ ...deps, name: 'acknowledgeSyncJobs', input }, async ({ uid }, { job_ids: ids }) => {
    const acknowledged = await deps.acknowledge(uid, ids);
    return { view: { acknowledged_job_ids: acknowledged }, log: { jobs: acknowledged.length } };
  });
}
