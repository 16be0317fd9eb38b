/** How each function is deployed: memory, time, concurrency, retries. `test/unit/surface.test.ts` holds the result. */
import type { RuntimeOptions } from 'firebase-functions/v1';
import type { ScheduleOptions } from 'firebase-functions/v2/scheduler';
import type { TaskQueueOptions } from 'firebase-functions/v2/tasks';
import { secretsFor, TASK_TIMEOUT_SECONDS } from './config.ts';

/** Bodies are held in memory, and received twice over for a moment: 8 × 64 MiB fit. */
export const UPLOAD = { invoker: 'public', memory: '1GiB', concurrency: 8, timeoutSeconds: 120 } as const;

export const READ_ONE = { invoker: 'public', memory: '512MiB', concurrency: 80, timeoutSeconds: 30 } as const;

/** A page of jobs is megabytes where jobs have hundreds of failures; their files are not read. */
export const READ_MANY = { invoker: 'public', memory: '512MiB', concurrency: 20, timeoutSeconds: 30 } as const;

export const CALLABLE = { memory: '512MiB', concurrency: 20, timeoutSeconds: 60 } as const;

/**
 * Private: IAM is what keeps strangers out. The queue retries for as long as a lease may last and a dependency may be down;
 * how often a job may fail is counted on the job.
 */
export const TASK = {
  invoker: 'private',
  memory: '2GiB',
  cpu: 2,
  concurrency: 1,
  timeoutSeconds: TASK_TIMEOUT_SECONDS,
  secrets: secretsFor(process.env),
  retryConfig: { maxAttempts: 100, minBackoffSeconds: 5, maxBackoffSeconds: 30, maxDoublings: 3 },
  rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 20 },
} satisfies TaskQueueOptions;

/**
 * Delivered again until it is taken in. Many at once, because those of one job that meet in one instance are written together.
 */
export const RECORDING_STAGED = { memory: '512MiB', concurrency: 80, timeoutSeconds: 120, retry: true } as const;

/** One at a time is enough; two at once would do no harm. */
export const SWEEP = {
  schedule: 'every 5 minutes',
  memory: '512MiB',
  concurrency: 1,
  maxInstances: 1,
  timeoutSeconds: 540,
  retryCount: 1,
} satisfies ScheduleOptions;

export const JOB_DELETED = {
  document: 'offline_sync_jobs/{jobId}',
  memory: '512MiB',
  timeoutSeconds: 300,
  retry: true,
} as const;

export const DEVICE_DELETED = {
  document: 'users/{uid}/devices/{deviceId}',
  memory: '512MiB',
  timeoutSeconds: 60,
  retry: true,
} as const;

/** First generation: https://firebase.google.com/docs/functions/1st-gen/auth-events */
export const USER_DELETED = { memory: '512MB', timeoutSeconds: 540, failurePolicy: true } satisfies RuntimeOptions;
