/**
 * Composition: what each deployed function is made of. `index.ts` imports this file with the first request, and each
 * function is put together when it is first called: deploying reads the table of contents alone, and a cold start pays for
 * nothing that the function does not use.
 */
import { availableParallelism } from 'node:os';
import { initializeApp } from 'firebase-admin/app';
import { getAppCheck } from 'firebase-admin/app-check';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore } from 'firebase-admin/firestore';
import { getFunctions } from 'firebase-admin/functions';
import { getMessaging } from 'firebase-admin/messaging';
import { getStorage } from 'firebase-admin/storage';
import { createDeleteConversationCallable } from './endpoints/deleteConversation.ts';
import { createAcknowledgeCallable, createCancelCallable, createRetryCallable } from './endpoints/callables.ts';
import { DECODERS } from './audio/read/containers/decodeContainer.ts';
import { collectGarbageEarly } from './audio/detect/heap.ts';
import type { Listener } from './audio/detect/listener.ts';
import {
  apiKeys,
  audioRetentionMs,
  budgetLimits,
  fairUseLimits,
  IS_EMULATOR,
  jobRetentionMs,
  LIMITS,
  localModelSize,
  params,
  REGION,
  TASK_TIMEOUT_SECONDS,
  unfinishedRetentionMs,
  uploadExpiryMs,
} from './config.ts';
import { ConversationStore } from './conversations/store.ts';
import { Summaries } from './conversations/summaries.ts';
import { extractiveSummariser } from './conversations/summariser.ts';
import type { Summariser } from './conversations/summariser.ts';
import { createAuthenticator } from './http/auth.ts';
import type { Authenticate } from './http/auth.ts';
import { parseSignUpRule } from './http/signUpPolicy.ts';
import type { SignUpRule } from './http/signUpPolicy.ts';
import { createJobsHandler } from './endpoints/syncJobs.ts';
import { createStatusHandler } from './endpoints/syncStatus.ts';
import { DueJobs } from './jobs/dueJobs.ts';
import { FileStore } from './jobs/files.ts';
import { createTaskQueue, parseTaskPayload } from './jobs/queue.ts';
import { RecordingRegistry } from './jobs/registry.ts';
import { lazily } from './lazily.ts';
import { JobStore } from './jobs/store.ts';
import { DeviceStore } from './events/devices.ts';
import { createFcmNotifier, createLogNotifier } from './events/fcm.ts';
import { processSyncJob } from './worker/processJob.ts';
import type { ProcessDeps } from './worker/processJob.ts';
import { cloudLogger as logger } from './logger.ts';
import { StagedAudio } from './storage/stagedAudio.ts';
import { onDeviceDeleted, onJobDeleted } from './sweeper/afterDeletion.ts';
import { SweeperStateStore } from './sweeper/state.ts';
import { onUserDeleted } from './sweeper/userDeletion.ts';
import { sweep, SWEEP_LIMITS } from './sweeper/sweep.ts';
import type { SweepDeps } from './sweeper/sweep.ts';
import { createDeepgramTranscriber } from './transcription/deepgram.ts';
import { createLocalTranscriber } from './transcription/local/localTranscriber.ts';
import type { PieceRecogniser } from './transcription/local/recogniserPool.ts';
import { createOpenAiTranscriber } from './transcription/openai.ts';
import type { Transcriber } from './transcription/transcriber.ts';
import { chosenTranscriber } from './transcription/chosenTranscriber.ts';
import type { TranscriberName } from './transcription/chosenTranscriber.ts';
import { createDeepgramSummariser } from './transcription/deepgramSummariser.ts';
import { PreferenceStore, tellIgnored } from './transcription/preferences.ts';
import { stagingBucket } from './storage/bucket.ts';
import { createCreateJobCallable } from './endpoints/createSyncJob.ts';
import { createUploadHandler } from './endpoints/syncUpload.ts';
import { UploadedObjects } from './storage/objects.ts';
import { createRecordingStagedHandler } from './endpoints/onRecordingStaged.ts';
import { createStaging } from './storage/staging.ts';
import { DailyBudget } from './usage/budget.ts';
import { FairUse } from './usage/fairUse.ts';
import { UsageStore } from './usage/usage.ts';

const app = initializeApp();
const db = getFirestore(app);
const jobs = new JobStore(db);
const files = new FileStore(db);
const registry = new RecordingRegistry(db, jobs);
const bucket = () => stagingBucket(getStorage(app));
const objects = () => new UploadedObjects(bucket());
const queue = createTaskQueue(getFunctions(app), `locations/${REGION}/functions/processSyncJob`);

export const syncUpload = lazily(() =>
  createUploadHandler({
    authenticate: authenticator({ checkRevoked: true }),
    jobs,
    files,
    registry,
    conversations: conversations(),
    fairUse: createFairUse(),
    budget: createBudget(),
    uploadExpiryMs: uploadExpiryMs(),
    staging: createStaging(bucket()),
    queue,
    logger,
    now: Date.now,
    retentionMs: unfinishedRetentionMs,
    limits: {
      maxRequestBytes: LIMITS.maxRequestBytes,
      maxFiles: LIMITS.maxFilesPerRequest,
      maxRecordingBytes: LIMITS.maxRecordingBytes,
    },
  }),
);

export const createSyncJob = lazily(() =>
  createCreateJobCallable({
    ...callables,
    authenticate: authenticator({ checkRevoked: true }),
    ...createArrivals(),
    registry,
    conversations: conversations(),
    fairUse: createFairUse(),
    budget: createBudget(),
    retentionMs: unfinishedRetentionMs,
    uploadExpiryMs: uploadExpiryMs(),
    maxRecordingBytes: LIMITS.maxRecordingBytes,
    bucket: bucket().name,
  }),
);

export const receiveRecording = lazily(() => createRecordingStagedHandler(createArrivals()));

/** What it takes to receive what arrives in Storage. */
function createArrivals() {
  return { jobs, files, objects: objects(), queue, logger };
}

export const syncStatus = lazily(() =>
  createStatusHandler({
    authenticate: authenticator({ checkRevoked: false }),
    jobs,
    files,
    objects: objects(),
    logger,
  }),
);

export const syncJobs = lazily(() =>
  createJobsHandler({ authenticate: authenticator({ checkRevoked: false }), jobs, logger }),
);

const callables = {
  authenticate: authenticator({ checkRevoked: false }),
  db,
  jobs,
  files,
  logger,
  now: Date.now,
};

export const retrySyncJob = lazily(() =>
  createRetryCallable({
    ...callables,
    authenticate: authenticator({ checkRevoked: true }),
    registry,
    queue,
    unfinishedRetentionMs: unfinishedRetentionMs(),
  }),
);

export const cancelSyncJob = lazily(() => createCancelCallable({ ...callables, ...createEnding() }));

export const deleteConversation = lazily(() =>
  createDeleteConversationCallable({ ...callables, conversations: conversations() }),
);

export const acknowledgeSyncJobs = lazily(() => createAcknowledgeCallable(callables));

const deepgram = {
  apiKey: apiKeys.deepgram,
  baseUrl: () => params.deepgramBaseUrl.value(),
  logger,
};

const conversations = () => new ConversationStore(db, { gapMs: params.conversationGapSeconds.value() * 1000 });

let processing: ProcessDeps | undefined;

/** One delivery of a job's task. */
export async function runTask(data: unknown): Promise<void> {
  const payload = parseTaskPayload(data);
  if (payload === null) {
    logger.error('Task dropped', { stage: 'gate', reason: 'malformed_payload' });
    return;
  }
  await processSyncJob(payload, (processing ??= createProcessing()));
}

function createProcessing(): ProcessDeps {
  // One pool of threads an instance, made with its first task and never again.
  let listener: Promise<Listener> | undefined;
  const transcriber = transcriberName();
  return {
    ...createEnding(),
    summaries: createSummaries(chooseSummariser()),
    queue,
    usage: new UsageStore(db),
    fairUse: createFairUse(),
    budget: createBudget(),
    registry,
    transcriber: createTranscriber(transcriber),
    listener: () => (listener ??= startListeners()),
    preferences: new PreferenceStore(db, {
      defaultLanguage: params.defaultLanguage.value(),
      hints: params.languageHints.value(),
      logger,
      tell: tellIgnored(db),
    }),
    conversationGapMs: params.conversationGapSeconds.value() * 1000,
    maxChunkMs: params.maxChunkMinutes.value() * 60_000,
    decoder: DECODERS.find((decoder) => decoder === params.decoder.value()) ?? 'auto',
    ffmpegPath: params.ffmpegPath.value(),
    // More chunks at once than processors would each take longer, and hold memory.
    concurrency: transcriber === 'local' ? availableParallelism() : params.deepgramConcurrency.value(),
    workMs: params.taskWorkSeconds.value() * 1000,
    taskMs: TASK_TIMEOUT_SECONDS * 1000,
    leaseMs: params.taskLeaseSeconds.value() * 1000,
    exit: () => process.exit(1),
  };
}

function transcriberName(): TranscriberName {
  const setting = params.transcriber.value();
  const chosen = chosenTranscriber(setting, apiKeys.deepgram());
  if (chosen === null) logger.error('TRANSCRIBER is none of auto, deepgram, local, openai', { stage: 'configure' });
  return chosen ?? 'local';
}

function createTranscriber(name: TranscriberName): Transcriber {
  switch (name) {
    case 'deepgram':
      return createDeepgramTranscriber({
        ...deepgram,
        features: () => ({
          model: params.deepgramModel.value(),
          diarize: params.diarize.value(),
          options: params.deepgramOptions.value(),
        }),
      });
    case 'openai':
      return createOpenAiTranscriber({
        settings: () => ({
          baseUrl: params.openaiBaseUrl.value(),
          model: params.openaiModel.value(),
          apiKey: apiKeys.openai(),
        }),
        logger,
      });
    case 'local': {
      let pieces: Promise<PieceRecogniser> | undefined;
      return createLocalTranscriber({
        size: localModelSize(logger),
        pieces: () => (pieces ??= startRecognisers()),
        logger,
      });
    }
  }
}

async function startRecognisers(): Promise<PieceRecogniser> {
  const { RecogniserPool } = await import('./transcription/local/recogniserPool.ts');
  return new RecogniserPool();
}

async function startListeners(): Promise<Listener> {
  const { ListenerPool } = await import('./audio/detect/listenerPool.ts');
  collectGarbageEarly();
  return new ListenerPool();
}

function chooseSummariser(): Summariser | null {
  const setting = params.summaries.value();
  if (setting === 'off') return null;
  if (setting === 'deepgram') return createDeepgramSummariser(deepgram);
  if (setting !== 'extractive') logger.error('SUMMARIES is none of deepgram, extractive, off', { stage: 'configure' });
  return extractiveSummariser;
}

function createSummaries(summariser: Summariser | null): Summaries {
  return new Summaries({ db, conversations: conversations(), summariser, logger });
}

/** What it takes to end a job, and to do what follows from its end. */
function createEnding() {
  return {
    db,
    jobs,
    files,
    conversations: conversations(),
    audio: new StagedAudio(bucket()),
    // Who has no Deepgram key, like the sweeper, extracts.
    summaries: createSummaries(params.summaries.value() === 'off' ? null : extractiveSummariser),
    notifier: IS_EMULATOR
      ? createLogNotifier(logger)
      : createFcmNotifier({ messaging: getMessaging(app), devices: new DeviceStore(db), logger }),
    retentionMs: jobRetentionMs(),
    logger,
    now: Date.now,
  };
}

let sweeper: SweepDeps | undefined;

export async function runSweep(): Promise<void> {
  await sweep((sweeper ??= createSweeper()));
}

function createSweeper(): SweepDeps {
  return {
    ...createEnding(),
    queue,
    due: new DueJobs(db),
    objects: objects(),
    state: new SweeperStateStore(db),
    uploadExpiryMs: uploadExpiryMs(),
    audioRetentionMs: audioRetentionMs(),
    limits: SWEEP_LIMITS,
  };
}

export async function clearDeletedJob(jobId: string, data: unknown): Promise<void> {
  await onJobDeleted(jobId, data, { db, jobs, files, objects: objects(), logger });
}

export async function clearDeletedDevice(uid: string, deviceId: string): Promise<void> {
  await onDeviceDeleted(uid, deviceId, { ...createEnding(), due: new DueJobs(db), objects: objects() });
}

export async function clearDeletedUser(uid: string): Promise<void> {
  await onUserDeleted(uid, { db, due: new DueJobs(db), objects: objects(), logger, now: Date.now });
}

function createFairUse(): FairUse {
  return new FairUse({ db, jobs, limits: fairUseLimits(), now: Date.now });
}

function createBudget(): DailyBudget {
  return new DailyBudget({ db, limits: budgetLimits(), logger, now: Date.now });
}

let signUpRule: SignUpRule | undefined;

/** Read once: it does not change while an instance lives. */
function signUp(): SignUpRule {
  return (signUpRule ??= parseSignUpRule(params.signUp.value(), params.signUpDomains.value(), logger));
}

function authenticator({ checkRevoked }: { checkRevoked: boolean }): Authenticate {
  return createAuthenticator({
    auth: getAuth(app),
    appCheck: () => getAppCheck(app),
    enforceAppCheck: () => params.enforceAppCheck.value(),
    checkRevoked,
    signUp,
  });
}
