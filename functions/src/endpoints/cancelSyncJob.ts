/** `cancelSyncJob({job_id})`: the job ends, and its audio is deleted. */
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { jobCallable } from '../http/jobCallable.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

export const cancelSyncJob = onGuardedCall(
  CALLABLE_OPTIONS,
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
