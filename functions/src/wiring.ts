/**
 * Composition: what each deployed function is made of. `index.ts` imports this file with the first request, and each
 * function is put together when it is first called: deploying reads the table of contents alone, and a cold start pays for
 * nothing that the function does not use.
 */
import { initializeApp } from 'firebase-admin/app';
import { getAppCheck } from 'firebase-admin/app-check';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore } from 'firebase-admin/firestore';
import { getFunctions } from 'firebase-admin/functions';
import { getStorage } from 'firebase-admin/storage';
import * as logger from 'firebase-functions/logger';
import { LIMITS, params, REGION } from './config.ts';
import { createAuthenticator } from './http/auth.ts';
import type { Authenticate } from './http/auth.ts';
import { createJobsHandler } from './http/jobs.ts';
import type { HttpHandler } from './http/route.ts';
import { createStatusHandler } from './http/status.ts';
import { createTaskQueue } from './jobs/queue.ts';
import { JobStore } from './jobs/store.ts';
import { createUploadHandler } from './upload/handler.ts';
import { createStaging } from './upload/staging.ts';

const DAY_MS = 24 * 3600 * 1000;

const app = initializeApp();
const jobs = new JobStore(getFirestore(app));

export const syncUpload = lazily(() =>
  createUploadHandler({
    authenticate: authenticator({ checkRevoked: true }),
    jobs,
    staging: createStaging(getStorage(app).bucket()),
    queue: createTaskQueue(getFunctions(app), `locations/${REGION}/functions/processSyncJob`),
    logger,
    now: Date.now,
    retentionMs: () => params.jobRetentionDays.value() * DAY_MS,
    limits: {
      maxRequestBytes: LIMITS.maxRequestBytes,
      maxFiles: LIMITS.maxFilesPerRequest,
      maxRecordingBytes: LIMITS.maxRecordingBytes,
    },
  }),
);

export const syncStatus = lazily(() =>
  createStatusHandler({ authenticate: authenticator({ checkRevoked: false }), jobs, logger }),
);

export const syncJobs = lazily(() =>
  createJobsHandler({ authenticate: authenticator({ checkRevoked: false }), jobs, logger }),
);

function authenticator({ checkRevoked }: { checkRevoked: boolean }): Authenticate {
  return createAuthenticator({
    auth: getAuth(app),
    appCheck: getAppCheck(app),
    enforceAppCheck: () => params.enforceAppCheck.value(),
    checkRevoked,
  });
}

function lazily(create: () => HttpHandler): HttpHandler {
  let handler: HttpHandler | undefined;
  return (req, res) => (handler ??= create())(req, res);
}
