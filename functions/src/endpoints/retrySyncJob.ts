/** `retrySyncJob({job_id})`: what failed of a job is tried again. */
import type { CallableOptions } from 'firebase-functions/v2/https';
import { REGION, unfinishedRetentionMs } from '../config.ts';
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

export const retrySyncJob = onGuardedCall(
  options,
  lazily(async () => {
    const [{ authenticator, files, jobs, registry, startQueue }, { retryJob }] = await Promise.all([
      import('../platform.ts'),
      import('../completion/retry.ts'),
    ]);
    const deps = {
      ...{ jobs, files, registry, queue: startQueue, logger },
      unfinishedRetentionMs: unfinishedRetentionMs(),
      now: Date.now,
    };
    return jobCallable({
      name: 'retrySyncJob',
      authenticate: authenticator({ checkRevoked: true }),
      files,
      logger,
      command: (uid, jobId) => retryJob(uid, jobId, deps),
    });
  }),
);
