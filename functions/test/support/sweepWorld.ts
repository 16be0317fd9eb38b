/**
 * The sweeper in the process of the test, on the emulators of Firestore and Storage. It has its own project and bucket, because it reads
 * all jobs of a project. No function of the suite listens to that project.
 */
import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { getStorage } from 'firebase-admin/storage';
import { ConversationStore } from '../../src/conversations/store.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import { FileStore } from '../../src/jobs/files.ts';
import type { FileState, JobFile, TaskPayload } from '../../src/jobs/job.ts';
import type { Job } from '../../src/jobs/job.ts';
import { newJob, JobStore } from '../../src/jobs/store.ts';
import type { JobFinished } from '../../src/events/notifier.ts';
import { failure } from '../../src/completion/outcome.ts';
import { KeptAudio } from '../../src/storage/keptAudio.ts';
import { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { stagingBucket } from '../../src/storage/bucket.ts';
import type { Bucket } from '../../src/storage/bucket.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { SweeperStateStore } from '../../src/sweeper/state.ts';
import { taskId } from '../../src/jobs/queue.ts';
import { sweep, SWEEP_LIMITS } from '../../src/sweeper/sweep.ts';
import type { StepReport, SweepDeps } from '../../src/sweeper/sweep.ts';
import { describedBy, jobFile, readJob, writeJob } from './jobFiles.ts';
import type { JobWithFiles } from './jobFiles.ts';
import { recordingLogger } from './logger.ts';
import type { RecordingLogger } from './logger.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export interface Enqueued extends TaskPayload {
  readonly redrive: number;
}

export class SweepWorld {
  readonly uid = 'ann';
  readonly logger: RecordingLogger = recordingLogger();
  readonly enqueued: Enqueued[] = [];
  readonly pushes: JobFinished[] = [];
  /** The sweeper's clock, Unix milliseconds. Objects have the time of the emulator, so they are old if this is hours ahead. */
  nowMs = Date.now() + 6 * HOUR_MS;
  readonly db: Firestore;
  readonly deps: SweepDeps;
  readonly #app;
  readonly #change: Partial<SweepDeps>;
  #elapsedMs = (): number => 0;

  constructor(change: Partial<SweepDeps> = {}) {
    const projectId = `demo-sweep-${randomUUID()}`;
    this.#app = initializeApp({ projectId, storageBucket: `${projectId}.appspot.com` }, projectId);
    this.db = getFirestore(this.#app);
    this.#change = change;
    this.deps = this.sweeper(0);
  }

  /** The dependencies of another sweeper. @param aheadMs how far its clock is ahead of the world's, milliseconds. */
  sweeper(aheadMs: number): SweepDeps {
    const now = (): number => this.nowMs + Math.round(this.#elapsedMs()) + aheadMs;
    return {
      db: this.db,
      jobs: new JobStore(this.db, now),
      files: new FileStore(this.db),
      due: new DueJobs(this.db),
      conversations: new ConversationStore(this.db, {
        gapMs: 2 * MINUTE_MS,
        keptAudio: () => new KeptAudio(this.db, this.bucket(), { keptMs: 0 }),
        now,
      }),
      summaries: { refresh: () => Promise.resolve(0) },
      audio: new StagedAudio(this.bucket()),
      objects: new UploadedObjects(this.bucket()),
      accountCreatedAtMs: () => Promise.resolve(null),
      state: new SweeperStateStore(this.db),
      queue: {
        enqueue: (payload, { redrive = 0 } = {}) => {
          const isThere = this.enqueued.some((task) => taskId(task, task.redrive) === taskId(payload, redrive));
          if (!isThere) this.enqueued.push({ ...payload, redrive });
          return Promise.resolve();
        },
      },
      notifier: {
        jobFinished: (message) => {
          this.pushes.push(message);
          return Promise.resolve({ sent: 1, removed: 0 });
        },
      },
      logger: this.logger,
      now,
      retentionMs: 7 * DAY_MS,
      uploadExpiryMs: DAY_MS,
      audioRetentionMs: 30 * DAY_MS,
      limits: SWEEP_LIMITS,
      ...this.#change,
    };
  }

  /** Starts the clock, which stood at `nowMs` until now. */
  startClock(): void {
    const began = performance.now();
    this.#elapsedMs = () => performance.now() - began;
  }

  async close(): Promise<void> {
    await deleteApp(this.#app);
  }

  bucket(): Bucket {
    return stagingBucket(getStorage(this.#app));
  }

  /** One run. Returns its reports by step. */
  async sweep(change: Partial<SweepDeps> = {}): Promise<Map<string, StepReport>> {
    const reports = await sweep({ ...this.deps, ...change });
    return new Map(reports.map((report) => [report.step, report]));
  }

  /** A time before now. */
  ago(ms: number): Timestamp {
    return Timestamp.fromMillis(this.nowMs - ms);
  }

  /** A job whose worker's lease ended this many milliseconds ago. */
  working(leaseEndedMs: number): Partial<Job> {
    return {
      status: 'processing',
      waitingFor: null,
      attempts: 1,
      epoch: 4,
      lease: { owner: 'w', expiresAt: this.ago(leaseEndedMs) },
      updatedAt: this.ago(leaseEndedMs + MINUTE_MS),
    };
  }

  /** A job that has waited for a worker for this many milliseconds. */
  pending(sinceMs: number): Partial<Job> {
    return { status: 'pending', epoch: 2, updatedAt: this.ago(sinceMs) };
  }

  /** A job whose wait ended this many milliseconds ago. */
  deferred(overdueMs: number): Partial<Job> {
    return {
      status: 'deferred',
      epoch: 2,
      waitingFor: { reason: 'transcription_unavailable', message: '', until: this.ago(overdueMs) },
    };
  }

  /** Writes a job; by default an ordinary one that was just accepted. */
  async put(jobId: string, change: Partial<JobWithFiles> = {}): Promise<JobWithFiles> {
    const { status = 'uploading', createdAt } = change;
    const files = change.files ?? [this.file(jobId, 'a.bin', status === 'uploading' ? 'expected' : 'staged')];
    const fresh = newJob({
      uid: this.uid,
      deviceId: 'omi',
      files,
      upload: 'multipart',
      uploadExpiryMs: this.deps.uploadExpiryMs,
      conversationId: null,
      contentHash: null,
      nowMs: status === 'uploading' ? (createdAt?.toMillis() ?? this.nowMs) : this.nowMs,
      retentionMs: 37 * DAY_MS,
    });
    const job = { ...fresh.job, ...describedBy(files), ...change, files };
    await writeJob(this.db, jobId, job);
    return job;
  }

  file(jobId: string, name: string, state: FileState = 'staged', code: ErrorCode | null = null): JobFile {
    const error = code === null ? null : failure(name, code);
    return jobFile({ name, path: `uploads/${this.uid}/${jobId}/${name}`, state, durationSeconds: 60, error });
  }

  async job(jobId: string): Promise<JobWithFiles> {
    const job = await readJob(this.db, jobId);
    if (job === null) throw new Error(`There is no job ${jobId}.`);
    return job;
  }

  async stage(...paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => this.bucket().file(path).save('x', { resumable: false })));
  }

  async objects(): Promise<string[]> {
    const [files] = await this.bucket().getFiles({ prefix: 'uploads/' });
    return files.map(({ name }) => name).sort();
  }
}
