/** The loop that uploads: chooses the next batch, and how long to wait after a failure. */
import { LONGEST_BACK_OFF_MS } from './backoff.ts';
import { planBatch } from './batches.ts';
import type { BatchLimits } from './batches.ts';
import { RequestError } from './errors.ts';
import { GivenUp } from './givenUp.ts';
import type { Library } from './library.ts';
import { OfflineHint } from './offlineHint.ts';
import type { BatchDoc } from './recording.ts';
import type { Sender } from './sender.ts';
import { Setbacks } from './setbacks.ts';
import type { SetbacksOptions } from './setbacks.ts';
import { Deadline, linkedController, Stopwatch, Waker } from './time.ts';
import { blocked } from './uploaderStatus.ts';
import type { Blocked, UploaderStatus } from './uploaderStatus.ts';

export interface UploaderOptions extends SetbacksOptions {
  readonly library: Library;
  readonly sender: Pick<Sender, 'send'>;
  readonly isOnline: () => boolean;
  readonly newId: () => string;
  readonly limits: BatchLimits;
  /** How long to wait for more recordings before a batch is made, milliseconds. */
  readonly gatherMs: number;
  /** Whether the network costs money, and the app does not want to upload on such a network. */
  readonly isTooDear: () => boolean;
  readonly onStatus: (status: UploaderStatus) => void;
}

/** A batch is given up after our server has failed to accept it for this long, milliseconds. Only time spent on trying counts. */
const GIVE_UP_AFTER_MS = 24 * 3600_000;
/** The most that one failure adds to that, milliseconds: the longest back-off and a slow request. The device may sleep in between. */
const LONGEST_TRY_MS = 2 * LONGEST_BACK_OFF_MS;

/** No new batch is begun while our server fails this many: if it is down, more batches would only be more requests. */
const MOST_FAILED = 3;

/** If recordings are added without a pause, a batch begins after this many times `gatherMs`. */
const MOST_GATHERS = 10;

/** How long lower limits are kept, milliseconds. Trying the old limits again costs failed requests, on a slow connection some 24 MiB. */
const RESTRICTED_MS = 24 * 3600_000;

/** The user has stopped the upload. */
const STOPPED = new Error('Sending was stopped.');

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #waker = new Waker();
  readonly #setbacks: Setbacks;
  readonly #givenUp: GivenUp;
  readonly #offline: OfflineHint;
  #limits: BatchLimits;
  /** Until then the limits are lower than the app's; null while they are not. */
  #restricted: Deadline | null = null;
  /** Whether the user wants to upload on this network, whatever it costs. */
  #mayCost = false;
  /** The batch that is being sent, and how to stop it. */
  #sending: { readonly batchId: string; readonly controller: AbortController; readonly ended: Promise<void> } | null =
    null;
  /** Batches that must not be sent at the moment. */
  readonly #held = new Set<string>();
  /** Until then, more recordings may follow. */
  #gathering: Deadline | null = null;
  /** Runs since the first recording without a batch was added. */
  #gatheringSince: Stopwatch | null = null;
  /** Batches that have failed: how often, and since when our server has failed them. */
  readonly #failed = new Map<string, { readonly times: number; readonly since: Stopwatch | null }>();

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#setbacks = new Setbacks(options, true);
    this.#givenUp = new GivenUp(options);
    this.#offline = new OfflineHint(options);
  }

  /** Tells that there may be more to upload. */
  wake(): void {
    this.#waker.wake();
  }

  /** Tells that the network has changed. */
  networkChanged(): void {
    this.#setbacks.hurry();
    this.#mayCost = false;
    this.#offline.heed();
    this.#waker.wake();
  }

  /** Tries now, at the user's wish, whatever went wrong before, even if the platform reports no network. */
  tryNow(): void {
    this.#setbacks.forget();
    this.#offline.ignore();
    this.#waker.wake();
  }

  /** Allows uploads on this network, whatever it costs, until the network changes. */
  allowCost(): void {
    this.#mayCost = true;
  }

  /** Does the work while the batch is not being sent. Stops its upload first. */
  async withoutSending(batchId: string, work: () => Promise<void>): Promise<void> {
    this.#held.add(batchId);
    try {
      const sending = this.#sending;
      if (sending?.batchId === batchId) {
        sending.controller.abort();
        await sending.ended;
      }
      await work();
    } finally {
      this.#held.delete(batchId);
      this.#waker.wake();
    }
  }

  /** Tells that a recording is being added, so that a batch waits a moment for the next ones. */
  gather(): void {
    const { clock, gatherMs } = this.#options;
    this.#gatheringSince ??= new Stopwatch(clock);
    const mostMs = MOST_GATHERS * gatherMs - this.#gatheringSince.elapsedMs;
    this.#gathering = new Deadline(clock, Math.min(gatherMs, mostMs));
  }

  /** Lowers the limits for a day, because the server or the network accepts less in one request. Not longer, because devices move. */
  restrict(limits: Partial<BatchLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
    this.#restricted = new Deadline(this.#options.clock, RESTRICTED_MS);
  }

  /** Uploads until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onStatus } = this.#options;
    while (!signal.aborted) {
      await this.#givenUp.requeueDue().catch(this.#options.onError);
      const blocked = this.#blocked();
      if (blocked === null) {
        await this.#step(signal);
      } else {
        onStatus(blocked.status);
        await this.#waker.wait(Math.min(blocked.forMs, this.#givenUp.nextInMs), clock, signal);
      }
    }
  }

  /** Why nothing is sent now; null if something can be sent. */
  #blocked(): Blocked | null {
    const { library, coolDown } = this.#options;
    const unsent = this.#unsent();
    if (unsent === undefined && library.count('waiting') === 0) return blocked('idle', null);
    const offline = this.#offline.until;
    if (offline !== null) return blocked('offline', offline);
    if (this.#options.isTooDear() && !this.#mayCost) return blocked('metered', null);
    const cooling = coolDown.current(true);
    if (cooling !== null) return blocked('cooling_down', cooling.until, cooling.why);
    const { until, error } = this.#setbacks;
    if (until !== null) {
      if (!(error instanceof RequestError)) return blocked('backing_off', until, { reason: 'internal' });
      const { kind, code: reason, message } = error;
      return blocked(kind === 'signed_out' ? kind : 'backing_off', until, { reason, message });
    }
    const gathering = this.#gathering;
    if (unsent === undefined && gathering !== null && gathering.remainingMs > 0) return blocked('idle', gathering);
    return null;
  }

  /** The next unfinished batch: the one that has failed least often, and the oldest of those. */
  #unsent(): BatchDoc | undefined {
    const { library } = this.#options;
    const failures = ({ id }: BatchDoc): number => this.#failed.get(id)?.times ?? 0;
    return [...library.batches]
      .sort((a, b) => failures(a) - failures(b) || a.createdAt - b.createdAt)
      .find(
        (batch) => !this.#held.has(batch.id) && (batch.way === 'multipart' || library.uploadingOf(batch).length > 0),
      );
  }

  /** The next batch to send. A batch that fails does not hold back others: waiting recordings are tried in a new batch. */
  async #next(): Promise<BatchDoc | null> {
    const unsent = this.#unsent();
    const isFree = unsent === undefined || (this.#failed.has(unsent.id) && this.#failed.size < MOST_FAILED);
    return (isFree ? await this.#begin() : null) ?? unsent ?? null;
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { library, onStatus, onError } = this.#options;
    let batch: BatchDoc | null = null;
    try {
      batch = await this.#next();
      if (batch === null) return;
      onStatus({ state: 'uploading', reason: null, until: null });
      await this.#send(batch, signal);
      this.#setbacks.forget();
      this.#offline.ignore();
      this.#failed.delete(batch.id);
      this.#givenUp.serverIsWell();
      const left = library.batches.find(({ id }) => id === batch?.id);
      if (left !== undefined && left.failedMs > 0) await library.putBatch({ ...left, failedMs: 0 });
    } catch (error) {
      if (signal.aborted || error === STOPPED) return;
      this.#offline.heed();
      await this.#setbacks.meet(error);
      if (!(error instanceof RequestError) || batch === null) return;
      if (error.kind === 'server') await this.#countFailure(batch).catch(onError);
      else if (error.kind === 'network') this.#countUnreached(batch.id);
    }
  }

  /**
   * Counts a failure to reach Storage for a batch whose job exists. The network may block Storage, and allow other recordings by the
   * server. Such failures never count towards giving up.
   */
  #countUnreached(batchId: string): void {
    if (!this.#options.library.batches.some(({ id, jobId }) => id === batchId && jobId !== null)) return;
    const { times, since } = this.#failed.get(batchId) ?? { times: 0, since: null };
    this.#failed.set(batchId, { times: times + 1, since });
    this.#forgetEnded();
  }

  #forgetEnded(): void {
    const ids = new Set(this.#options.library.batches.map(({ id }) => id));
    for (const id of this.#failed.keys()) if (!ids.has(id)) this.#failed.delete(id);
  }

  /** @throws {@link STOPPED} if the user stopped it; the error of sending. */
  async #send(batch: BatchDoc, signal: AbortSignal): Promise<void> {
    const { controller, unlink } = linkedController(signal);
    const work = this.#options.sender.send(batch, controller.signal);
    const ended = work.catch(() => undefined);
    this.#sending = { batchId: batch.id, controller, ended };
    try {
      await work;
    } catch (error) {
      throw controller.signal.aborted && !signal.aborted ? STOPPED : error;
    } finally {
      this.#sending = null;
      unlink();
    }
  }

  async #begin(): Promise<BatchDoc | null> {
    const { library, newId, clock } = this.#options;
    // A batch that failed, but never on our server, could not reach Storage.
    const avoidsStorage = library.batches.some(({ id }) => this.#failed.get(id)?.since === null);
    if (this.#restricted?.remainingMs === 0) [this.#limits, this.#restricted] = [this.#options.limits, null];
    const plan = planBatch(library.inState('waiting'), this.#limits, avoidsStorage);
    if (plan === null) return null;
    this.#gatheringSince = null;
    const batch: BatchDoc = {
      id: newId(),
      key: newId(),
      way: plan.way,
      localIds: plan.recordings.map(({ id }) => id),
      target: plan.target,
      createdAt: clock.now(),
      // Recordings that were given up before have used their day: one more failure is enough.
      failedMs: plan.recordings.some(({ givenUp }) => givenUp > 0) ? GIVE_UP_AFTER_MS : 0,
      jobId: null,
    };
    await library.putBatch(batch);
    await library.update(
      new Map(batch.localIds.map((id) => [id, { state: 'uploading', batchId: batch.id, session: null }])),
    );
    return batch;
  }

  /** Adds the time since the last failure. If the device slept, no more than the longest wait counts. */
  async #countFailure(batch: BatchDoc): Promise<void> {
    const { library, clock } = this.#options;
    const { times, since } = this.#failed.get(batch.id) ?? { times: 0, since: null };
    this.#failed.set(batch.id, { times: times + 1, since: new Stopwatch(clock) });
    this.#forgetEnded();
    const current = library.batches.find(({ id }) => id === batch.id);
    if (current === undefined) return;
    const failedMs = current.failedMs + Math.min(since?.elapsedMs ?? 0, LONGEST_TRY_MS);
    if (failedMs < GIVE_UP_AFTER_MS) {
      await library.putBatch({ ...current, failedMs });
      return;
    }
    this.#failed.delete(current.id);
    await this.#givenUp.giveUp(current);
  }
}
