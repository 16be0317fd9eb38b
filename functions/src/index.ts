/** The deployed functions: the table of contents. What they are made of is in `wiring.ts`. */
import { onDocumentDeleted } from 'firebase-functions/v2/firestore';
import { onCall, onRequest } from 'firebase-functions/v2/https';
import { onSchedule } from 'firebase-functions/v2/scheduler';
import { onTaskDispatched } from 'firebase-functions/v2/tasks';
import { setGlobalOptions } from 'firebase-functions/v2/options';
import { deepgramApiKey, REGION, TASK_TIMEOUT_SECONDS } from './config.ts';

setGlobalOptions({ region: REGION });

const wiring = () => import('./wiring.ts');

/** `POST /v2/sync/upload`. Bodies are held in memory, and received twice over for a moment: 8 × 64 MiB fit. */
export const syncUpload = onRequest(
  { invoker: 'public', memory: '1GiB', concurrency: 8, timeoutSeconds: 120 },
  async (req, res) => (await wiring()).syncUpload(req, res),
);

/** `GET /v2/sync/status` */
export const syncStatus = onRequest(
  { invoker: 'public', memory: '512MiB', concurrency: 80, timeoutSeconds: 30 },
  async (req, res) => (await wiring()).syncStatus(req, res),
);

/** `GET /v2/sync/jobs` */
export const syncJobs = onRequest(
  { invoker: 'public', memory: '512MiB', concurrency: 20, timeoutSeconds: 30 },
  async (req, res) => (await wiring()).syncJobs(req, res),
);

const CALLABLE = { memory: '512MiB', concurrency: 20, timeoutSeconds: 60 } as const;

/** `{job_id}`: what failed is tried again. */
export const retrySyncJob = onCall(CALLABLE, async (req) => (await wiring()).retrySyncJob(req));

/** `{job_id}`: the job ends, its audio is let go of. */
export const cancelSyncJob = onCall(CALLABLE, async (req) => (await wiring()).cancelSyncJob(req));

/** `{job_ids}`: the app knows how these ended. */
export const acknowledgeSyncJobs = onCall(CALLABLE, async (req) => (await wiring()).acknowledgeSyncJobs(req));

/**
 * The task of one job. Private: IAM is what keeps strangers out. It retries for as long as a lease may last and a dependency
 * may be down; how often a job may fail is counted on the job.
 */
export const processSyncJob = onTaskDispatched(
  {
    invoker: 'private',
    memory: '2GiB',
    cpu: 2,
    concurrency: 1,
    timeoutSeconds: TASK_TIMEOUT_SECONDS,
    secrets: [deepgramApiKey],
    retryConfig: { maxAttempts: 100, minBackoffSeconds: 5, maxBackoffSeconds: 30, maxDoublings: 3 },
    rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 20 },
  },
  async ({ data }) => (await wiring()).runTask(data),
);

/** Puts right what nobody else will. One at a time is enough, two at once would do no harm. */
export const sweepSyncJobs = onSchedule(
  {
    schedule: 'every 5 minutes',
    memory: '512MiB',
    concurrency: 1,
    maxInstances: 1,
    timeoutSeconds: 540,
    retryCount: 1,
  },
  async () => (await wiring()).runSweep(),
);

/** However a job goes away, its chunks and its audio go with it. */
export const onSyncJobDeleted = onDocumentDeleted(
  { document: 'offline_sync_jobs/{jobId}', memory: '512MiB', timeoutSeconds: 300, retry: true },
  async ({ params, data }) => (await wiring()).clearDeletedJob(params.jobId, data?.data()),
);

/** An app that is gone finishes no uploads. */
export const onDeviceDeleted = onDocumentDeleted(
  { document: 'users/{uid}/devices/{deviceId}', memory: '512MiB', timeoutSeconds: 60, retry: true },
  async ({ params }) => (await wiring()).clearDeletedDevice(params.uid, params.deviceId),
);
