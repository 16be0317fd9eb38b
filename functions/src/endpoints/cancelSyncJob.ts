/** `cancelSyncJob({job_id})`: ends a job and deletes its audio. */
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { jobCallable } from '../http/jobCallable.ts';

export const cancelSyncJob = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, completionDeps, files }, { cancelJob }] = await Promise.all([
    import('../platform.ts'),
    import('../completion/cancel.ts'),
  ]);
  const deps = completionDeps();
  return jobCallable({
    name: 'cancelSyncJob',
    ...requestDeps({ checkRevoked: true }),
    files,
    command: (uid, jobId) => cancelJob(uid, jobId, deps),
  });
});
