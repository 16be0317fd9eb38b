/** `cancelSyncJob({job_id})`: the job ends, and its audio is deleted. */
import type { CallableOptions } from 'firebase-functions/v2/https';
import { REGION } from '../config.ts';
import { onGuardedCall } from '../http/callableGuard.ts';
import { jobCallable } from '../http/jobCallable.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

export const options = {
  region: REGION,
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 60,
} as const satisfies CallableOptions;

export const cancelSyncJob = onGuardedCall(
  options,
  lazily(async () => {
    const [{ authenticator, completing, files }, { cancelJob }] = await Promise.all([
      import('../platform.ts'),
      import('../completion/cancel.ts'),
    ]);
    const deps = completing();
    return jobCallable({
      name: 'cancelSyncJob',
      authenticate: authenticator({ checkRevoked: false }),
      files,
      logger,
      command: (uid, jobId) => cancelJob(uid, jobId, deps),
    });
  }),
);
