/** `sweepSyncJobs`: every 5 minutes, re-enqueues stuck jobs, ends expired ones and deletes orphaned objects. */
import { onSchedule } from 'firebase-functions/v2/scheduler';
import type { ScheduleOptions } from 'firebase-functions/v2/scheduler';
import { audioRetentionMs, region, uploadExpiryMs } from '../config.ts';
import { lazily } from '../lazily.ts';

/** One at a time is enough; two at the same time would do no harm. */
export const options = {
  region,
  schedule: 'every 5 minutes',
  memory: '512MiB',
  concurrency: 1,
  maxInstances: 1,
  timeoutSeconds: 540,
  retryCount: 1,
} as const satisfies ScheduleOptions;

export const sweepSyncJobs = onSchedule(
  options,
  lazily(async () => {
    const [
      { accountCreatedAtMs, completionDeps, db, objects, queue },
      { sweep, SWEEP_LIMITS },
      { DueJobs },
      { SweeperStateStore },
    ] = await Promise.all([
      import('../platform.ts'),
      import('../sweeper/sweep.ts'),
      import('../jobs/dueJobs.ts'),
      import('../sweeper/state.ts'),
    ]);
    const deps = {
      ...completionDeps(),
      accountCreatedAtMs,
      queue,
      due: new DueJobs(db),
      objects: objects(),
      state: new SweeperStateStore(db),
      uploadExpiryMs: uploadExpiryMs(),
      audioRetentionMs: audioRetentionMs(),
      limits: SWEEP_LIMITS,
    };
    return async () => {
      await sweep(deps);
    };
  }),
);
