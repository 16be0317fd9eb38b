/** What one case has for itself in the emulators: a project, a user, a clock and a queue. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import type { Job, TaskPayload } from '../../src/jobs/job.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { processJob } from '../../src/worker/processJob.ts';
import type { ProcessDeps } from '../../src/worker/processJob.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { SweeperStateStore } from '../../src/sweeper/state.ts';
import { sweep, SWEEP_LIMITS } from '../../src/sweeper/sweep.ts';
import { cancelJob } from '../../src/completion/cancel.ts';
import { retryJob } from '../../src/completion/retry.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { loadUserData } from '../invariants/userData.ts';
import type { UserData } from '../invariants/userData.ts';
import { TestWorld } from '../support/worker.ts';
import { CloudTasks } from './cloud.ts';
import { isForTheQueue, nothing, transcriberAt } from './deps.ts';
import { sampleUpload } from './samples.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Deliveries, or sweeps, after which a job that has not ended counts as stuck. */
const PATIENCE = 60;

/** Time limit of one delivery in this process, milliseconds. */
const DEADLINE_MS = 240_000;

/** Time limit of a request of this process, milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/** What several cases share. */
export interface Surroundings {
  readonly standInUrl: string;
  /** The directory of the workers' scripts, see {@link bundleWorkers}. */
  readonly scripts: string;
}

export class World {
  readonly projectId: string;
  readonly uid: string;
  readonly tasks = new CloudTasks();
  readonly deps: ProcessDeps;
  readonly #emulators: TestWorld;
  #sweptAtMs: number;

  constructor(name: string, standInUrl: string) {
    this.projectId = `demo-crash-${name}-${randomUUID().slice(0, 8)}`;
    const transcriber = transcriberAt(standInUrl, REQUEST_TIMEOUT_MS, nothing);
    this.#emulators = new TestWorld({ queue: this.tasks, transcriber, logger: nothing }, this.projectId);
    this.uid = this.#emulators.uid;
    this.deps = this.#emulators.deps;
    this.#sweptAtMs = this.deps.now();
  }

  close(): Promise<void> {
    return this.#emulators.close();
  }

  /** Milliseconds ahead of the real clock. */
  get aheadMs(): number {
    return this.#emulators.aheadMs;
  }

  nowMs(): number {
    return this.deps.now();
  }

  advance(ms: number): void {
    this.#emulators.aheadMs += ms;
  }

  /** Moves the clock to just after a moment, Unix milliseconds, but never back. */
  passBy(ms: number): void {
    this.advance(Math.max(0, ms + 1000 - this.nowMs()));
  }

  /** Accepts an upload of samples, as the function does. @returns the job's id. */
  async accept(
    scenarios: readonly string[],
    { idempotencyKey = null, isRecut = false }: { idempotencyKey?: string | null; isRecut?: boolean } = {},
  ): Promise<string> {
    const upload = sampleUpload({ uid: this.uid, idempotencyKey, scenarios, isRecut }, this.nowMs());
    const { jobId } = await acceptUpload(this.#emulators.acceptDeps(), upload);
    return jobId;
  }

  /** @returns whether the job was cancelled; false if it had ended before. */
  async cancel(jobId: string): Promise<boolean> {
    const { status } = await cancelJob(this.uid, jobId, this.deps);
    return status === 'cancelled';
  }

  async retry(jobId: string): Promise<void> {
    await retryJob(this.uid, jobId, { ...this.deps, unfinishedRetentionMs: 37 * DAY_MS });
  }

  load(): Promise<UserData> {
    return loadUserData(this.#emulators.db, this.#emulators.bucket(), this.uid);
  }

  /** Runs the sweeper, which the schedule does every five minutes. */
  async sweep(): Promise<void> {
    this.#sweptAtMs = this.nowMs();
    await sweep({
      ...this.deps,
      due: new DueJobs(this.#emulators.db),
      objects: new UploadedObjects(this.#emulators.bucket()),
      accountCreatedAtMs: () => Promise.resolve(null),
      state: new SweeperStateStore(this.#emulators.db),
      uploadExpiryMs: DAY_MS,
      audioRetentionMs: 30 * DAY_MS,
      limits: SWEEP_LIMITS,
    });
  }

  /** All of the user's jobs, by id. */
  async jobs(): Promise<Map<string, Job>> {
    const { jobs } = await this.deps.jobs.list({ uid: this.uid, limit: 100 });
    return this.deps.jobs.getAll(jobs.map(({ id }) => id));
  }

  /**
   * Delivers what is in the queue, without further disturbance, until every job has ended and is wrapped up. It moves the clock as far
   * as needed, and runs the sweeper if the queue is empty.
   * @throws Error if a job is stuck, or fails unexpectedly.
   */
  async drain(): Promise<void> {
    for (let round = 0; round < PATIENCE; round++) {
      await this.drainTasks();
      const jobs = [...(await this.jobs()).values()];
      if (jobs.every(({ status, notifiedAt }) => isFinished(status) && notifiedAt !== null)) return;
      this.advance(5 * MINUTE_MS);
      await this.sweep();
    }
    throw new Error(`Stuck: ${[...(await this.jobs()).values()].map(stateOf).join('; ')}`);
  }

  /** Delivers a task in this process. @throws RetryTaskError; Error if it does not end. */
  async deliver(payload: TaskPayload): Promise<void> {
    const overdue = new AbortController();
    const late = setTimeout(DEADLINE_MS, undefined, { signal: overdue.signal }).then(async () => {
      const job = (await this.jobs()).get(payload.jobId);
      throw new Error(
        `A delivery had not ended after ${DEADLINE_MS / 1000} s: ${job === undefined ? 'no job' : stateOf(job)}`,
      );
    });
    try {
      await Promise.race([processJob(payload, this.deps), late]);
    } finally {
      late.catch(() => undefined);
      overdue.abort();
    }
  }

  /** Delivers tasks until the queue is empty. @throws Error if a task never succeeds. */
  async drainTasks(): Promise<void> {
    for (let round = 0; round < PATIENCE; round++) {
      const [task] = this.tasks.waiting();
      if (task === undefined) return;
      try {
        await this.deliver(task.payload);
        this.tasks.done(task.id);
      } catch (error) {
        if (!isForTheQueue(error)) throw error;
        this.tasks.backOff(task.id);
        const job = (await this.jobs()).get(task.payload.jobId);
        this.passBy(Math.max(job?.lease?.expiresAt.toMillis() ?? 0, job?.waitingFor?.until?.toMillis() ?? 0));
      }
      // A job that is deferred repeatedly may wait for one that only the sweeper can enqueue.
      if (this.nowMs() - this.#sweptAtMs >= 5 * MINUTE_MS) await this.sweep();
    }
    throw new Error(`The queue does not get empty: ${[...(await this.jobs()).values()].map(stateOf).join('; ')}`);
  }
}

function stateOf({ status, waitingFor, lease, epoch, attempts, progress }: Job): string {
  const waiting = waitingFor === null ? '' : ` for ${waitingFor.reason}`;
  return `${status}${waiting} at ${progress.stage}, ${lease === null ? 'no lease' : 'leased'}, epoch ${epoch}, attempt ${attempts}`;
}
