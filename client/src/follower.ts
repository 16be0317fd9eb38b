/** Follows the jobs that have recordings of this device, until they end. */
import { notReached } from './answer.ts';
import type { Backend, JobSignal } from './backend.ts';
import type { Completions } from './completions.ts';
import type { Unsubscribe } from './emitter.ts';
import type { Library } from './library.ts';
import { TIMEOUT_MS } from './http.ts';
import { OfflineHint } from './offlineHint.ts';
import { DOUBT_MS } from './outcomes.ts';
import { Setbacks } from './setbacks.ts';
import type { SetbacksOptions } from './setbacks.ts';
import { Stopwatch, TimeLimitError, Waker, within } from './time.ts';

export interface FollowerOptions extends SetbacksOptions {
  readonly backend: Pick<Backend, 'endedJobs' | 'watchEndedJobs' | 'watchJob'>;
  readonly library: Library;
  readonly completions: Completions;
  readonly isOnline: () => boolean;
  /** How often to read jobs, milliseconds. Jobs that are watched live are read too, in case an event was lost. */
  readonly pollMs: number;
  readonly onJob: (jobId: string, job: JobSignal) => void;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #waker = new Waker();
  readonly #watched = new Map<string, Unsubscribe>();
  /** Jobs to read now. */
  readonly #due = new Set<string>();
  #missedDue = false;
  /** Runs since all followed jobs were last read; null if they must be read now. */
  #sincePoll: Stopwatch | null = null;
  readonly #statuses = new Map<string, string>();
  #stopWatching: Unsubscribe | undefined;
  readonly #setbacks: Setbacks;
  readonly #offline: OfflineHint;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#setbacks = new Setbacks(options, false);
    this.#offline = new OfflineHint(options);
  }

  /** Tells that there may be other jobs to follow. */
  wake(): void {
    this.#waker.wake();
  }

  /** Tells that the network has changed. */
  networkChanged(): void {
    this.#setbacks.hurry();
    this.#offline.heed();
    this.#askAnew();
  }

  /** Tries now, at the user's wish, whatever went wrong before, even if the platform reports no network. */
  tryNow(): void {
    this.#setbacks.forget();
    this.#offline.ignore();
    this.#askAnew();
  }

  #askAnew(): void {
    this.#sincePoll = null;
    this.#missedDue = true;
    this.#waker.wake();
  }

  /** Follows jobs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, coolDown } = this.#options;
    this.#missedDue = true;
    while (!signal.aborted) {
      this.#watchJobs();
      const until = [this.#offline.until, this.#setbacks.until, coolDown.current(false)?.until];
      const blockedMs = Math.max(...until.map((deadline) => deadline?.remainingMs ?? 0));
      if (blockedMs > 0) await this.#waker.wait(blockedMs, clock, signal);
      else if (this.#isDue()) await this.#step(signal);
      else await this.#waker.wait(this.#untilPollMs(), clock, signal);
    }
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** Checks jobs outside of the loop. @param jobIds null for all that have ended. @throws RequestError; the error of the app's handler. */
  async checkJobs(jobIds: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const { completions } = this.#options;
    for (const jobId of jobIds ?? (await this.#endedJobs(signal))) await completions.check(jobId, signal);
    // The store has that they were handed over, so the server may be told later.
    await completions.acknowledge(signal).catch(() => undefined);
  }

  #look(jobIds: readonly string[]): void {
    for (const id of jobIds) this.#due.add(id);
    this.#waker.wake();
  }

  /** Watches ended jobs. A listener that has ended, for example because its user signed out, is replaced in the next round. */
  #watchEnded(): void {
    const { backend } = this.#options;
    const wasWatching = this.#stopWatching !== undefined;
    this.#stopWatching ??= begun(() =>
      backend.watchEndedJobs?.(
        (ids) => {
          this.#look(ids);
        },
        () => {
          this.#stopWatching = undefined;
        },
      ),
    );
    // A new listener first gets all ended jobs. Later, nothing would tell that it has fallen silent.
    this.#missedDue = wasWatching || this.#stopWatching === undefined;
  }

  /** Jobs that have recordings of this device. */
  #followed(): Set<string> {
    const { library } = this.#options;
    return new Set(library.inState('uploaded', 'processing').flatMap(({ jobId }) => jobId ?? []));
  }

  #isDue(): boolean {
    const { completions } = this.#options;
    return this.#due.size > 0 || this.#missedDue || completions.unacknowledged > 0 || this.#untilPollMs() === 0;
  }

  /** Milliseconds. */
  #untilPollMs(): number {
    return this.#sincePoll === null ? 0 : Math.max(0, this.#pollMs() - this.#sincePoll.elapsedMs);
  }

  /** @throws RequestError if no answer comes. */
  async #endedJobs(signal: AbortSignal): Promise<readonly string[]> {
    const { backend, clock } = this.#options;
    try {
      return await within(backend.endedJobs(), TIMEOUT_MS, clock, signal);
    } catch (cause) {
      if (cause instanceof TimeLimitError) throw notReached('timeout', { cause });
      throw isUnavailable(cause) ? notReached('network', { cause }) : cause;
    }
  }

  /**
   * The interval of reading jobs, milliseconds. Shorter while a job with all recordings uploaded has not started, in case its event was
   * lost.
   */
  #pollMs(): number {
    const { library, pollMs } = this.#options;
    const isArriving = library.batches.some(({ way, jobId }) => way === 'direct' && jobId !== null);
    return isArriving ? Math.min(pollMs, DOUBT_MS) : pollMs;
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      if (this.#untilPollMs() === 0) {
        this.#sincePoll = new Stopwatch(clock);
        this.#look([...this.#followed()]);
        this.#watchEnded();
      }
      // Before Firestore: some networks block its listeners but not our server.
      await this.#checkDue(signal);
      if (this.#missedDue) {
        this.#look(await this.#endedJobs(signal));
        this.#missedDue = false;
        await this.#checkDue(signal);
      }
      this.#setbacks.forget();
      this.#offline.ignore();
    } catch (error) {
      if (signal.aborted) return;
      this.#offline.heed();
      await this.#setbacks.meet(error);
    }
  }

  async #checkDue(signal: AbortSignal): Promise<void> {
    const { completions } = this.#options;
    for (const jobId of [...this.#due]) {
      this.#due.delete(jobId); // Before: what becomes known of it meanwhile is news.
      await completions.check(jobId, signal).catch((error: unknown) => {
        this.#due.add(jobId);
        throw error;
      });
    }
    await completions.acknowledge(signal);
  }

  /** Keeps one listener on each followed job, and on no other. */
  #watchJobs(): void {
    const { backend, onJob } = this.#options;
    if (backend.watchJob === undefined) return;
    const followed = this.#followed();
    for (const [jobId, unwatch] of this.#watched) {
      if (followed.has(jobId)) continue;
      unwatch();
      this.#watched.delete(jobId);
      this.#statuses.delete(jobId);
    }
    for (const jobId of followed) {
      if (this.#watched.has(jobId)) continue;
      const onSignal = (job: JobSignal): void => {
        onJob(jobId, job);
        // Progress alone is no reason to ask.
        const isNews = this.#statuses.get(jobId) !== job.status;
        this.#statuses.set(jobId, job.status);
        if (isNews || job.isTroubled) this.#look([jobId]);
      };
      const onEnd = (): void => {
        this.#watched.delete(jobId); // The job is still requested from time to time, and watched again then.
      };
      const unwatch = begun(() => backend.watchJob?.(jobId, onSignal, onEnd));
      if (unwatch !== undefined) this.#watched.set(jobId, unwatch);
    }
  }
}

/** @returns undefined if there is no listener: an SDK whose database was closed throws instead of calling the listener. */
function begun(listen: () => Unsubscribe | undefined): Unsubscribe | undefined {
  try {
    return listen();
  } catch {
    return undefined; // The client asks for its jobs now and then: it needs no listener.
  }
}

/** Whether an error of either SDK says that Firestore cannot be reached. */
function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /(^|\/)unavailable$/.test(String(error.code));
}
