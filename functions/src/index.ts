/** The deployed functions: the table of contents. How they are deployed is in `deployment.ts`, what they are made of in `wiring.ts`. */
import { region } from 'firebase-functions/v1';
import { onDocumentDeleted } from 'firebase-functions/v2/firestore';
import { onCall, onRequest } from 'firebase-functions/v2/https';
import type { CallableRequest } from 'firebase-functions/v2/https';
import { setGlobalOptions } from 'firebase-functions/v2/options';
import { onSchedule } from 'firebase-functions/v2/scheduler';
import { onObjectFinalized } from 'firebase-functions/v2/storage';
import { onTaskDispatched } from 'firebase-functions/v2/tasks';
import { REGION } from './config.ts';
import {
  CALLABLE,
  DEVICE_DELETED,
  JOB_DELETED,
  READ_MANY,
  READ_ONE,
  RECORDING_STAGED,
  SWEEP,
  TASK,
  UPLOAD,
  USER_DELETED,
} from './deployment.ts';
import { guarded } from './http/callableGuard.ts';
import { cloudLogger } from './logger.ts';
import { mayBeAwaited } from './storage/paths.ts';

setGlobalOptions({ region: REGION });

const wiring = () => import('./wiring.ts');

const callable = (handle: (req: CallableRequest) => Promise<unknown>) => guarded(onCall(CALLABLE, handle), cloudLogger);

/** `POST /v2/sync/upload` */
export const syncUpload = onRequest(UPLOAD, async (req, res) => (await wiring()).syncUpload(req, res));

/** `GET /v2/sync/status` */
export const syncStatus = onRequest(READ_ONE, async (req, res) => (await wiring()).syncStatus(req, res));

/** `GET /v2/sync/jobs` */
export const syncJobs = onRequest(READ_MANY, async (req, res) => (await wiring()).syncJobs(req, res));

/** `{files: [{name, size_bytes, md5?}], …}`: a job, and where in Storage its recordings are to be uploaded to. */
export const createSyncJob = callable(async (req) => (await wiring()).createSyncJob(req));

/** `{job_id}`: what failed is tried again. */
export const retrySyncJob = callable(async (req) => (await wiring()).retrySyncJob(req));

/** `{job_id}`: the job ends, its audio is let go of. */
export const cancelSyncJob = callable(async (req) => (await wiring()).cancelSyncJob(req));

/** `{job_ids}`: the app knows how these ended. */
export const acknowledgeSyncJobs = callable(async (req) => (await wiring()).acknowledgeSyncJobs(req));

/** `{conversation_id}`: what was said is removed for good, and nothing brings it back. */
export const deleteConversation = callable(async (req) => (await wiring()).deleteConversation(req));

/** What an app has uploaded to Storage is checked against its job; the last recording starts it. */
export const onRecordingStaged = onObjectFinalized(RECORDING_STAGED, async ({ data }) => {
  if (mayBeAwaited(data)) await (await wiring()).receiveRecording(data);
});

/** The task of one job. */
export const processSyncJob = onTaskDispatched(TASK, async ({ data }) => (await wiring()).runTask(data));

/** Puts right what nobody else will. */
export const sweepSyncJobs = onSchedule(SWEEP, async () => (await wiring()).runSweep());

/** However a job goes away, its chunks and its audio go with it. */
export const onSyncJobDeleted = onDocumentDeleted(JOB_DELETED, async ({ params, data }) =>
  (await wiring()).clearDeletedJob(params.jobId, data?.data()),
);

/** An app that is gone finishes no uploads. */
export const onDeviceDeleted = onDocumentDeleted(DEVICE_DELETED, async ({ params }) =>
  (await wiring()).clearDeletedDevice(params.uid, params.deviceId),
);

/** Everything of a user goes with the user. First generation: the event of the second is still a preview. */
export const onUserDeleted = region(REGION)
  .runWith(USER_DELETED)
  .auth.user()
  .onDelete(async ({ uid }) => (await wiring()).clearDeletedUser(uid));
