/** `retrySyncJob({job_id})`: tries the failed recordings of a job again. */
import { unfinishedRetentionMs } from '../config.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { jobCallable } from '../http/jobCallable.ts';
import { cloudLogger as logger } from '../logger.ts';

export const retrySyncJob = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, files, jobs, registry, startQueue }, { retryJob }] = await Promise.all([
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
    ...requestDeps({ checkRevoked: true }),
    files,
    command: (uid, jobId) => retryJob(uid, jobId, deps),
  });
});
