/**
 * What endpoints share: Firebase's clients, the stores on them, and groups of dependencies that several endpoints need. It is loaded
 * with an instance's first request, so that importing index.ts loads no client.
 */
import { initializeApp } from 'firebase-admin/app';
import { getAppCheck } from 'firebase-admin/app-check';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore } from 'firebase-admin/firestore';
import { getFunctions } from 'firebase-admin/functions';
import { getMessaging } from 'firebase-admin/messaging';
import { getStorage } from 'firebase-admin/storage';
import {
  functionPrefix,
  IS_EMULATOR,
  jobRetentionMs,
  keepAudioMs,
  ownRegion,
  params,
  unfinishedRetentionMs,
  uploadExpiryMs,
} from './config.ts';
import { ConversationStore } from './conversations/store.ts';
import { Summaries } from './conversations/summaries.ts';
import { extractiveSummariser } from './conversations/summariser.ts';
import type { Summariser } from './conversations/summariser.ts';
import { DeviceStore } from './events/devices.ts';
import { createFcmNotifier, createLogNotifier } from './events/fcm.ts';
import { createAuthenticator } from './http/auth.ts';
import type { Authenticate } from './http/auth.ts';
import { parseSignUpRule } from './http/signUpPolicy.ts';
import type { SignUpRule } from './http/signUpPolicy.ts';
import { FileStore } from './jobs/files.ts';
import { createTaskQueue } from './jobs/queue.ts';
import { RecordingRegistry } from './jobs/registry.ts';
import { JobStore } from './jobs/store.ts';
import { Turns } from './jobs/turns.ts';
import { cloudLogger as logger } from './logger.ts';
import { stagingBucket } from './storage/bucket.ts';
import type { Bucket } from './storage/bucket.ts';
import { KeptAudio } from './storage/keptAudio.ts';
import { UploadedObjects } from './storage/objects.ts';
import { StagedAudio } from './storage/stagedAudio.ts';
import type { Upload } from './upload/accept.ts';
import { DailyBudget } from './usage/budget.ts';
import { FairUse } from './usage/fairUse.ts';
import { budgetLimits, fairUseLimits } from './usage/settings.ts';

const app = initializeApp();
export const db = getFirestore(app, params.database.value() || '(default)');
export const jobs = new JobStore(db);
export const files = new FileStore(db);
export const registry = new RecordingRegistry(db, jobs);
export const conversations = new ConversationStore(db, {
  gapMs: params.conversationGapSeconds.value() * 1000,
  keptAudio,
});
export const fairUse = new FairUse({ db, jobs, limits: fairUseLimits(), now: Date.now });
export const budget = new DailyBudget({ db, limits: budgetLimits(), logger, now: Date.now });
const taskFunction = `${functionPrefix(process.env)}processSyncJob`;
export const queue = createTaskQueue(getFunctions(app), `locations/${ownRegion()}/functions/${taskFunction}`);
export const turns = new Turns({
  db,
  jobs,
  queue,
  logger,
  maxRunningJobs: params.maxRunningJobs.value(),
  now: Date.now,
});
/** The queue for new jobs: a job whose turn has not come is deferred. */
export const startQueue = turns.forNewJobs();

/** The client of Storage, loaded with the first use, because many functions never use it. */
export function bucket(): Bucket {
  return stagingBucket(getStorage(app), params.recordingsBucket.value());
}

export function keptAudio(): KeptAudio {
  return new KeptAudio(db, bucket(), { keptMs: keepAudioMs() });
}

export function objects(): UploadedObjects {
  return new UploadedObjects(bucket());
}

/** When the account that has this id now was created, Unix milliseconds; null if there is none. */
export async function accountCreatedAtMs(uid: string): Promise<number | null> {
  try {
    return Date.parse((await getAuth(app).getUser(uid)).metadata.creationTime);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'auth/user-not-found') return null;
    throw error;
  }
}

/** @param options `checkRevoked` costs one call to Firebase Auth for each request: see `AuthenticatorDeps`. */
export function authenticator({ checkRevoked }: { readonly checkRevoked: boolean }): Authenticate {
  return createAuthenticator({
    auth: getAuth(app),
    appCheck: () => getAppCheck(app),
    enforceAppCheck: () => params.enforceAppCheck.value(),
    checkRevoked,
    signUp,
  });
}

/** Dependencies to answer requests. @param options as for {@link authenticator}. */
export const requestDeps = (options: { readonly checkRevoked: boolean }) => ({
  authenticate: authenticator(options),
  logger,
});

let signUpRule: SignUpRule | undefined;

/** Parsed once, because it does not change while an instance lives. */
function signUp(): SignUpRule {
  return (signUpRule ??= parseSignUpRule(params.signUp.value(), params.signUpDomains.value(), logger));
}

/** Dependencies to begin a job, for both ways of uploading. */
export const newJobDeps = () => ({
  jobs,
  files,
  registry,
  conversations,
  fairUse,
  budget,
  uploadExpiryMs: uploadExpiryMs(),
  retentionMs: unfinishedRetentionMs,
  now: Date.now,
});

/** Dependencies to accept recordings in the body of a request. */
export const uploadAcceptor = async () => {
  const [{ acceptUpload }, { createStaging }] = await Promise.all([
    import('./upload/accept.ts'),
    import('./storage/staging.ts'),
  ]);
  const deps = { ...newJobDeps(), staging: createStaging(bucket()), queue: startQueue, logger };
  return (upload: Upload) => acceptUpload(deps, upload);
};

/** Dependencies to handle objects that arrive in Storage. */
export const arrivalDeps = () => ({ jobs, files, objects: objects(), queue: startQueue, logger });

/** Dependencies to delete data of users. */
export const userDeletionDeps = async () => {
  const { DueJobs } = await import('./jobs/dueJobs.ts');
  return { db, due: new DueJobs(db), objects: objects(), accountCreatedAtMs, logger, now: Date.now };
};

/** Dependencies to share conversations, and to show shared ones. */
export const sharingDeps = () => ({ db, conversations, isOn: () => params.sharing.value(), now: Date.now });

/** Dependencies to end a job, and to do what follows. */
export const completionDeps = () => ({
  db,
  jobs,
  files,
  conversations,
  audio: new StagedAudio(bucket()),
  // Only the worker has Deepgram's key. The other functions extract titles.
  summaries: summariesBy(params.summaries.value() === 'off' ? null : extractiveSummariser),
  notifier: IS_EMULATOR
    ? createLogNotifier(logger)
    : createFcmNotifier({ messaging: getMessaging(app), devices: new DeviceStore(db), logger }),
  retentionMs: jobRetentionMs(),
  logger,
  now: Date.now,
});

/** @param summariser null if summaries are switched off. */
export function summariesBy(summariser: Summariser | null): Summaries {
  const spend = (uid: string, seconds: number) => budget.spend(uid, 'sentSeconds', seconds);
  return new Summaries({ db, conversations, summariser, spend, logger });
}
