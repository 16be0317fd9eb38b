/** Follows the jobs that hold this device's recordings, to their end. */
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
  /** How often to ask for jobs, milliseconds: of what is watched live, only in case an event was lost. */
  readonly pollMs: number;
  readonly onJob: (jobId: string, job: JobSignal) => void;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #waker = new Waker();
  readonly #watched = new Map<string, Unsubscribe>();
  /** To look at now, for whatever reason. */
  readonly #due = new Set<string>();
  #missedDue = false;
  /** Since all followed jobs were last asked for; null where they are to be asked for now. */
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

  /** There may be other jobs to follow. */
  wake(): void {
    this.#waker.wake();
  }

  /** The network has changed. */
  networkChanged(): void {
    this.#setbacks.hurry();
    this.#offline.heed();
    this.#askAnew();
  }

  /** The user asks for an attempt now, whatever went wrong before and whatever the platform says of the network. */
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

  /** Until the signal aborts. */
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

  /** Outside of the loop. @param jobIds null for all that have ended. @throws RequestError; what the app's handler threw. */
  async checkJobs(jobIds: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const { completions } = this.#options;
    for (const jobId of jobIds ?? (await this.#endedJobs(signal))) await completions.check(jobId, signal);
    // It is on record that they were handed over: the server hears of it another time.
    await completions.acknowledge(signal).catch(() => undefined);
  }

  #look(jobIds: readonly string[]): void {
    for (const id of jobIds) this.#due.add(id);
    this.#waker.wake();
  }

  /** A listener that ended, because its user signed out say, is replaced with the next round of asking. */
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
    // A listener begins with what there is. Later on, nothing tells that it has fallen silent.
    this.#missedDue = wasWatching || this.#stopWatching === undefined;
  }

  /** Jobs that hold recordings of this device. */
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

  /** @throws RequestError where no answer comes. */
  async #endedJobs(signal: AbortSignal): Promise<readonly string[]> {
    const { backend, clock } = this.#options;
    try {
      return await within(backend.endedJobs(), TIMEOUT_MS, clock, signal);
    } catch (cause) {
      if (cause instanceof TimeLimitError) throw notReached('timeout', { cause });
      throw isUnavailable(cause) ? notReached('network', { cause }) : cause;
    }
  }

  /** No event tells that an event was lost: a job whose recordings are all up is asked for until it has started. */
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
      // Before Firestore is asked: networks that let no listener through may let through what the server answers.
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

  /** Keeps a listener on each job that is followed, and on no other. */
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
        this.#watched.delete(jobId); // Asking now and then goes on, and watching with it.
      };
      const unwatch = begun(() => backend.watchJob?.(jobId, onSignal, onEnd));
      if (unwatch !== undefined) this.#watched.set(jobId, unwatch);
    }
  }
}

/** @returns undefined where there is no listener: an SDK whose database was closed throws instead of telling the listener. */
function begun(listen: () => Unsubscribe | undefined): Unsubscribe | undefined {
  try {
    return listen();
  } catch {
    return undefined; // The client asks for its jobs now and then: it needs no listener.
  }
}

/** Firestore is out of reach, as either SDK says it. */
function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /(^|\/)unavailable$/.test(String(error.code));
}
