/**
 * A worker in the process of the test, on the emulators of Firestore and Storage and the stand-in: the task function with a clock and a
 * queue that the test controls.
 */
import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { getStorage } from 'firebase-admin/storage';
import type { Sample } from '../../../dev/samples/samples.ts';
import { readRecording } from '../../../dev/samples/samples.ts';
import { StandInControl } from '../../../dev/deepgram/control.ts';
import { listenWith } from '../../src/audio/detect/listener.ts';
import type { Listener } from '../../src/audio/detect/listener.ts';
import { loadSileroVad } from '../../src/audio/detect/vad.ts';
import { ConversationStore } from '../../src/conversations/store.ts';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import type { Conversation, Segment } from '../../src/conversations/conversation.ts';
import { Summaries } from '../../src/conversations/summaries.ts';
import { extractiveSummariser } from '../../src/conversations/summariser.ts';
import { chunksOf } from '../../src/jobs/chunk.ts';
import type { ChunkDoc } from '../../src/jobs/chunk.ts';
import { FileStore } from '../../src/jobs/files.ts';
import { RecordingRegistry } from '../../src/jobs/registry.ts';
import type { TaskPayload } from '../../src/jobs/job.ts';
import { JobStore } from '../../src/jobs/store.ts';
import type { JobFinished } from '../../src/events/notifier.ts';
import { processJob } from '../../src/worker/processJob.ts';
import type { ProcessDeps } from '../../src/worker/processJob.ts';
import { KeptAudio } from '../../src/storage/keptAudio.ts';
import { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { createDeepgramTranscriber } from '../../src/transcription/deepgram.ts';
import { PreferenceStore } from '../../src/transcription/preferences.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import type { AcceptDeps } from '../../src/upload/accept.ts';
import { stagingBucket } from '../../src/storage/bucket.ts';
import type { Bucket } from '../../src/storage/bucket.ts';
import { checkRecordings } from '../../src/upload/recordings.ts';
import type { UploadFields } from '../../src/upload/request.ts';
import { createStaging } from '../../src/storage/staging.ts';
import { FairUse } from '../../src/usage/fairUse.ts';
import { UsageStore } from '../../src/usage/usage.ts';
import { readJob } from './jobFiles.ts';
import type { JobWithFiles } from './jobFiles.ts';
import { recordingLogger } from './logger.ts';
import { rememberingListener } from './rememberingListener.ts';
import type { LogEntry, RecordingLogger } from './logger.ts';
import { NOTHING_COUNTED } from '../../src/usage/budget.ts';

export const NO_LIMITS = {
  maxActiveJobs: 0,
  maxUnfinishedUploads: 0,
  dailySpeechSeconds: 0,
  throttledSpeechSeconds: 0,
};
/** Budgets without limits, which count nothing. */
export const NO_BUDGET = {
  reserveBytes: () => Promise.resolve(() => Promise.resolve()),
  count: () => Promise.resolve(NOTHING_COUNTED),
  spend: () => Promise.resolve(() => Promise.resolve()),
  audioMeter: () => () => Promise.resolve(),
};

/** Every job is processed when it is delivered. */
export const NO_TURNS = { wait: () => Promise.resolve(null), pass: () => Promise.resolve() };

/** No limit for requests in flight. */
export const NO_SLOTS = { use: <T>(_signal: AbortSignal, request: () => Promise<T>): Promise<T> => request() };

const GAP_MS = 120_000;
const DAY_MS = 24 * 3600 * 1000;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: run this through "npm run emulators:exec" or "npm test".`);
  return value;
}

type Groups = Pick<ProcessDeps, 'speech' | 'spending' | 'scan' | 'times'>;

/** Dependencies that a test replaces. Members of groups have their own names here. */
export type WorkerChange = Partial<
  Omit<ProcessDeps, keyof Groups> & Groups['speech'] & Groups['spending'] & Groups['scan'] & Groups['times']
>;

export function changed(deps: ProcessDeps, change: WorkerChange): ProcessDeps {
  const given: Readonly<Record<string, unknown>> = change;
  const inGroup = <Group extends object>(group: Group): Group =>
    Object.fromEntries(Object.entries(group).map(([name, value]) => [name, given[name] ?? value])) as Group;
  return {
    ...deps,
    ...change,
    speech: inGroup(deps.speech),
    spending: inGroup(deps.spending),
    scan: inGroup(deps.scan),
    times: inGroup(deps.times),
  };
}

export interface NamedBytes {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** One user in the emulators, with a clock and a queue. Tests with separate worlds do not see each other's data. */
export class TestWorld {
  uid = `user-${randomUUID()}`;
  readonly logger: RecordingLogger = recordingLogger();
  /** The enqueued tasks, in order; only the test delivers them. */
  readonly queued: TaskPayload[] = [];
  readonly pushes: JobFinished[] = [];
  readonly standIn = new StandInControl(required('DEEPGRAM_STANDIN_URL'));
  /** Unix milliseconds ahead of the real clock. */
  aheadMs = 0;
  readonly db: Firestore;
  readonly deps: ProcessDeps;
  readonly #app: App;

  /**
   * @param projectId a `demo-` project, by default one of this world alone: the Firestore emulator searches all documents of a project for
   * each query, and locks every collection that a transaction has queried.
   */
  constructor(change: WorkerChange = {}, projectId = `demo-world-${randomUUID()}`) {
    this.#app = initializeApp({ projectId, storageBucket: `${projectId}.appspot.com` }, randomUUID());
    this.db = getFirestore(this.#app);
    const now = (): number => Date.now() + this.aheadMs;
    const jobs = new JobStore(this.db, now);
    const keptAudio = change.keptAudio ?? new KeptAudio(this.db, this.bucket(), { keptMs: 0, now });
    const conversations = new ConversationStore(this.db, { gapMs: GAP_MS, keptAudio: () => keptAudio, now });
    const deps: ProcessDeps = {
      keptAudio,
      db: this.db,
      jobs,
      queue: {
        enqueue: (payload) => {
          this.queued.push(payload);
          return Promise.resolve();
        },
      },
      conversations,
      summaries: new Summaries({
        db: this.db,
        conversations,
        summariser: extractiveSummariser,
        spend: () => Promise.resolve(),
        logger: this.logger,
        now,
      }),
      usage: new UsageStore(this.db, now),
      turns: NO_TURNS,
      files: new FileStore(this.db),
      registry: new RecordingRegistry(this.db, jobs, now),
      audio: new StagedAudio(this.bucket()),
      notifier: {
        jobFinished: (message) => {
          this.pushes.push(message);
          return Promise.resolve({ sent: 1, removed: 0 });
        },
      },
      logger: this.logger,
      now,
      speech: {
        listener: sharedListener,
        transcriber: createDeepgramTranscriber({
          apiKey: () => 'test',
          baseUrl: () => required('DEEPGRAM_STANDIN_URL'),
          logger: this.logger,
        }),
        preferences: new PreferenceStore(this.db, { defaultLanguage: 'multi', logger: this.logger }),
        concurrency: 4,
      },
      spending: {
        fairUse: new FairUse({ db: this.db, jobs, limits: NO_LIMITS, now }),
        budget: NO_BUDGET,
        slots: NO_SLOTS,
      },
      scan: {
        conversationGapMs: GAP_MS,
        maxChunkMs: 600_000,
        contextMs: 0,
        channels: 'mixed',
        decoder: 'auto',
        ffmpegPath: '',
      },
      times: { workMs: 780_000, taskMs: 900_000, leaseMs: 60_000 },
      exit: () => {
        throw new Error('The worker was told to exit.');
      },
      retentionMs: 7 * DAY_MS,
    };
    this.deps = changed(deps, change);
  }

  /** Continues as a new user, at the present time, so that a test of many cases does not need many worlds. */
  becomeSomebodyElse(): void {
    this.uid = `user-${randomUUID()}`;
    this.aheadMs = 0;
    for (const list of [this.queued, this.pushes, this.logger.entries as LogEntry[]]) list.length = 0;
  }

  async close(): Promise<void> {
    await deleteApp(this.#app);
  }

  bucket(): Bucket {
    return stagingBucket(getStorage(this.#app));
  }

  /** The dependencies of the upload function. */
  acceptDeps(): AcceptDeps {
    return {
      jobs: this.deps.jobs,
      files: this.deps.files,
      registry: this.deps.registry,
      uploadExpiryMs: DAY_MS,
      conversations: this.deps.conversations,
      fairUse: { refuseUpload: () => Promise.resolve(null) },
      budget: NO_BUDGET,
      staging: createStaging(this.bucket()),
      queue: this.deps.queue,
      logger: this.logger,
      now: this.deps.now,
      retentionMs: () => this.deps.retentionMs,
    };
  }

  /** Accepts recordings as the upload function does. */
  async accept(
    files: readonly NamedBytes[],
    deviceId: string | null = null,
    { conversationId = null, clockOffsetMs = 0 }: Partial<UploadFields> = {},
  ): Promise<string> {
    const fields = { deviceId, conversationId, clockOffsetMs };
    const rules = { nowMs: this.deps.now(), maxRecordingBytes: 100_000_000 };
    const recordings = checkRecordings(files, fields, rules);
    const { jobId } = await acceptUpload(this.acceptDeps(), {
      uid: this.uid,
      idempotencyKey: null,
      fields,
      recordings,
    });
    return jobId;
  }

  async acceptSamples(...samples: readonly Sample[]): Promise<string> {
    return this.accept(samples.flatMap(filesOf), samples[0]?.deviceId ?? null);
  }

  /** Delivers the job's task once. */
  async deliver(jobId: string, change: WorkerChange = {}): Promise<void> {
    const { epoch } = await this.job(jobId);
    await processJob({ jobId, uid: this.uid, epoch }, changed(this.deps, change));
  }

  async job(jobId: string): Promise<JobWithFiles> {
    const job = await readJob(this.db, jobId);
    if (job === null) throw new Error(`There is no job ${jobId}.`);
    return job;
  }

  async chunks(jobId: string): Promise<ChunkDoc[]> {
    const chunks = (await chunksOf(this.db, jobId).get()).docs.map((doc) => doc.data());
    return chunks.sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis());
  }

  async conversations(): Promise<({ id: string } & Conversation)[]> {
    const { docs } = await this.deps.conversations.conversations(this.uid).orderBy('startedAt').get();
    return docs.map((doc) => ({ id: doc.id, ...doc.data() }));
  }

  async segments(): Promise<Segment[]> {
    const pages = await this.deps.conversations.segmentPages(this.uid).orderBy('startedAt').get();
    return segmentsIn(pages.docs.map((doc) => doc.data()));
  }

  /** Sums of the user's usage counters over all days. */
  async usage(): Promise<Record<string, number>> {
    const { docs } = await this.db.collection(`users/${this.uid}/usage`).get();
    const sums: Record<string, number> = {};
    for (const doc of docs) {
      for (const [name, value] of Object.entries(doc.data())) {
        if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
      }
    }
    return sums;
  }

  /** Paths of the user's staged objects. */
  async objects(): Promise<string[]> {
    const [files] = await this.bucket().getFiles({ prefix: `uploads/${this.uid}/` });
    return files.map(({ name }) => name).sort();
  }
}

export function filesOf(sample: Sample): NamedBytes[] {
  return sample.recordings.map((recording) => ({ filename: recording.name, bytes: readRecording(sample, recording) }));
}

let listener: Promise<Listener> | undefined;

/** One model for all worlds of the process. */
function sharedListener(): Promise<Listener> {
  return (listener ??= loadSileroVad().then((vad) => rememberingListener(listenWith(vad))));
}
