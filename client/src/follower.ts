/** Follows the jobs that hold this device's recordings, to their end. */
import { hasEnded } from './api.ts';
import type { Api, Job, JobFile } from './api.ts';
import type { Backend, JobSignal } from './backend.ts';
import type { Completions } from './completions.ts';
import type { Unsubscribe } from './emitter.ts';
import type { Library, RecordingChange } from './library.ts';
import type { BatchDoc, Failure, RecordingDoc } from './recording.ts';
import { Setbacks } from './setbacks.ts';
import type { SetbacksOptions } from './setbacks.ts';
import { Waker } from './time.ts';

export interface FollowerOptions extends SetbacksOptions {
  readonly api: Pick<Api, 'cancel'>;
  readonly backend: Pick<Backend, 'endedJobs' | 'watchEndedJobs' | 'watchJob'>;
  readonly library: Library;
  readonly completions: Completions;
  readonly isOnline: () => boolean;
  /** How often to ask for jobs, milliseconds: of what is watched live, only in case an event was lost. */
  readonly pollMs: number;
  readonly onJob: (jobId: string, job: JobSignal) => void;
}

/** What arrived wrong, or did not, this often is not sent again by itself. */
const MAX_MISHAPS = 3;
/**
 * Storage told us that an object is complete; the server hears of it by an event, a moment later. If that was lost, creating the
 * job once more makes the server look.
 */
const ARRIVAL_MS = 2 * 60_000;
/** The same where something went wrong with it before. */
const DOUBT_MS = 20_000;

const UPLOAD_REFUSED: Failure = {
  code: 'upload_refused',
  message: 'Storage does not take this recording; it is kept here, try again later.',
  retryable: true,
};
/** What only uploading it again can mend, so that is what is done. */
const UPLOAD_AGAIN = new Set(['upload_expired', 'recording_missing', 'upload_mismatch']);

export class Follower {
  readonly #options: FollowerOptions;
  readonly #waker = new Waker();
  readonly #watched = new Map<string, Unsubscribe>();
  /** To look at now, for whatever reason. */
  readonly #due = new Set<string>();
  #missedDue = false;
  #polledAt = -Infinity;
  readonly #statuses = new Map<string, string>();
  #stopWatching: Unsubscribe | undefined;
  readonly #setbacks: Setbacks;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#setbacks = new Setbacks(options, false);
  }

  wake({ afresh = false } = {}): void {
    if (afresh) {
      this.#setbacks.forget();
      this.#polledAt = -Infinity;
      this.#missedDue = true;
    }
    this.#waker.wake();
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, isOnline, coolDown } = this.#options;
    this.#missedDue = true;
    while (!signal.aborted) {
      this.#watchJobs();
      const now = clock.now();
      const blockedUntil = isOnline() ? Math.max(this.#setbacks.until, coolDown.current(false)?.until ?? 0) : Infinity;
      if (blockedUntil > now) await this.#waker.wait(blockedUntil - now, clock, signal);
      else if (this.#isDue(now)) await this.#step(signal);
      else await this.#waker.wait(this.#polledAt + this.#pollMs() - now, clock, signal);
    }
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** Outside of the loop. @param jobIds null for all that have ended. @throws RequestError; what the app's handler threw. */
  async settle(jobIds: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const { backend, completions } = this.#options;
    for (const jobId of jobIds ?? (await backend.endedJobs())) await completions.settle(jobId, signal);
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
    this.#stopWatching ??= backend.watchEndedJobs?.(
      (ids) => {
        this.#look(ids);
      },
      () => {
        this.#stopWatching = undefined;
      },
    );
    // A listener begins with what there is. Later on, nothing tells that it has fallen silent.
    this.#missedDue = wasWatching || this.#stopWatching === undefined;
  }

  /** Jobs that hold recordings of this device. */
  #followed(): Set<string> {
    const { library } = this.#options;
    return new Set(library.inState('uploaded', 'processing').flatMap(({ jobId }) => jobId ?? []));
  }

  #isDue(now: number): boolean {
    const { completions } = this.#options;
    const isToDo = this.#due.size > 0 || this.#missedDue || completions.unacknowledged > 0;
    return isToDo || now >= this.#polledAt + this.#pollMs();
  }

  /** No event tells that an event was lost: a job whose recordings are all up is asked for until it has started. */
  #pollMs(): number {
    const { library, pollMs } = this.#options;
    const isArriving = library.batches.some(({ way, jobId }) => way === 'direct' && jobId !== null);
    return isArriving ? Math.min(pollMs, DOUBT_MS) : pollMs;
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { completions, backend, clock } = this.#options;
    try {
      if (clock.now() >= this.#polledAt + this.#pollMs()) {
        this.#polledAt = clock.now();
        this.#look([...this.#followed()]);
        this.#watchEnded();
      }
      if (this.#missedDue) {
        this.#look(await backend.endedJobs());
        this.#missedDue = false;
      }
      for (const jobId of [...this.#due]) {
        this.#due.delete(jobId); // Before: what becomes known of it meanwhile is news.
        await completions.settle(jobId, signal).catch((error: unknown) => {
          this.#due.add(jobId);
          throw error;
        });
      }
      await completions.acknowledge(signal);
      this.#setbacks.forget();
    } catch (error) {
      if (!signal.aborted) await this.#setbacks.meet(error);
    }
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
      const unwatch = backend.watchJob(
        jobId,
        (job) => {
          onJob(jobId, job);
          // Progress alone is no reason to ask.
          const isNews = this.#statuses.get(jobId) !== job.status;
          this.#statuses.set(jobId, job.status);
          if (isNews || job.isTroubled) this.#look([jobId]);
        },
        () => {
          this.#watched.delete(jobId); // Asking now and then goes on, and watching with it.
        },
      );
      this.#watched.set(jobId, unwatch);
    }
  }

  /** What the server says of a job, applied to the recordings of this device that are in it. */
  async apply(jobId: string, job: Job | null): Promise<void> {
    const { library } = this.#options;
    const files = new Map(job?.files.map((file) => [file.name, file]));
    const known = library.recordings.filter((recording) => recording.jobId === jobId && recording.state !== 'synced');
    const done = known.filter(({ name }) => isDone(files.get(name)));
    await library.settle(done.map(({ id }) => id));
    const ours = known.filter((recording) => !done.includes(recording));
    const batch = library.batches.find((candidate) => candidate.jobId === jobId);
    if (job?.status === 'uploading') {
      if (batch !== undefined) await this.#repairUpload(batch, job, ours);
      return;
    }
    // The multipart request of a batch that is still here comes to its end by itself.
    if (batch?.way === 'direct') {
      // Who cancelled it does not want the rest of it uploaded in another job.
      const stopped = job?.status === 'cancelled' ? library.uploadingOf(batch) : [];
      await library.endBatch(
        batch,
        stopped.map(({ id, name }) => [id, failureOf('cancelled', files.get(name))]),
      );
    }
    if (job === null) {
      await this.#again(ours.filter(({ state }) => state === 'uploaded' || state === 'processing'));
    } else if (hasEnded(job)) {
      await this.#conclude(job, files, ours);
    } else if (job.status !== 'pending') {
      const uploaded = ours.filter(({ state }) => state === 'uploaded');
      await library.update(changes(uploaded, () => ({ state: 'processing' })));
    }
  }

  async #conclude(job: Job, files: ReadonlyMap<string, JobFile>, ours: readonly RecordingDoc[]): Promise<void> {
    const { library } = this.#options;
    const undone = ours.filter(({ state }) => state !== 'failed');
    const again = undone.filter(
      ({ name, mishaps }) =>
        job.status !== 'cancelled' && mishaps < MAX_MISHAPS && UPLOAD_AGAIN.has(files.get(name)?.error?.code ?? ''),
    );
    await this.#again(again);
    const failed = undone.filter((recording) => !again.includes(recording));
    await library.update(
      changes(failed, ({ name }) => ({ state: 'failed', failure: failureOf(job.status, files.get(name)) })),
    );
  }

  /** They are uploaded anew, in another batch. */
  async #again(recordings: readonly RecordingDoc[]): Promise<void> {
    await this.#options.library.update(
      changes(recordings, ({ mishaps }) => ({
        state: 'waiting',
        batchId: null,
        jobId: null,
        session: null,
        mishaps: mishaps + 1,
      })),
    );
  }

  /** A job that waits for recordings which this device takes for uploaded. */
  async #repairUpload(batch: BatchDoc, job: Job, ours: readonly RecordingDoc[]): Promise<void> {
    const { library, clock } = this.#options;
    const expected = new Map(job.files.filter(({ state }) => state === 'expected').map((file) => [file.name, file]));
    const wrong = ours.filter(({ name, state, mishaps, changedAt }) => {
      const file = expected.get(name);
      if (file === undefined || state !== 'uploaded') return false;
      const waited = clock.now() - changedAt;
      // What is wrong may be with the object before this one.
      return (file.error !== null && mishaps === 0) || waited > (mishaps > 0 ? DOUBT_MS : ARRIVAL_MS);
    });
    const hopeless = wrong.filter(({ mishaps }) => mishaps >= MAX_MISHAPS);
    const isAtWork = library.uploadingOf(batch).length > 0;
    const hasFailed = library.membersOf(batch).some(({ state }) => state === 'failed');
    if (!isAtWork && (hasFailed || hopeless.length > 0)) {
      await this.#abandon(batch, job.jobId, hopeless);
      return;
    }
    const retried = wrong.filter((recording) => !hopeless.includes(recording));
    const again = ({ mishaps }: RecordingDoc): RecordingChange => ({
      state: 'uploading',
      session: null,
      mishaps: mishaps + 1,
    });
    await library.update(changes(retried, again));
  }

  /** One of its recordings will never arrive: the others go on in a batch without it. */
  async #abandon(batch: BatchDoc, jobId: string, hopeless: readonly RecordingDoc[]): Promise<void> {
    const { library, api } = this.#options;
    await library.endBatch(
      batch,
      hopeless.map(({ id }) => [id, UPLOAD_REFUSED]),
    );
    const left = library.membersOf(batch).filter(({ state }) => state === 'uploaded');
    await library.update(changes(left, () => ({ state: 'waiting', batchId: null, jobId: null, session: null })));
    // Would end by itself, in a day.
    await api.cancel(jobId, new AbortController().signal).catch(() => undefined);
  }
}

function changes(
  recordings: readonly RecordingDoc[],
  change: (recording: RecordingDoc) => RecordingChange,
): Map<string, RecordingChange> {
  return new Map(recordings.map((recording) => [recording.id, change(recording)]));
}

/** The only reason to delete audio: the server will never need it again. */
function isDone(file: JobFile | undefined): boolean {
  return file?.state === 'transcribed' || file?.state === 'silent' || file?.state === 'duplicate';
}

function failureOf(status: string, file: JobFile | undefined): Failure {
  const { code, message, retryable } = file?.error ?? {
    code: `job_${status}`,
    message: 'The job ended without this recording.',
    retryable: true,
  };
  // The server keeps nothing of a cancelled job; this device does, and can send it again.
  return { code, message, retryable: retryable || code === 'job_cancelled' };
}
