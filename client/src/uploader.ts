/** The loop that uploads: which batch next, and how long to wait after what went wrong. */
import { planBatch } from './batches.ts';
import type { BatchLimits } from './batches.ts';
import { RequestError } from './errors.ts';
import type { Library } from './library.ts';
import type { BatchDoc } from './recording.ts';
import type { Sender } from './sender.ts';
import { Setbacks } from './setbacks.ts';
import type { SetbacksOptions } from './setbacks.ts';
import { Waker } from './time.ts';

export interface UploaderOptions extends SetbacksOptions {
  readonly library: Library;
  readonly sender: Pick<Sender, 'send'>;
  readonly isOnline: () => boolean;
  readonly newId: () => string;
  readonly limits: BatchLimits;
  /** How long to wait for more recordings before a batch is made, milliseconds. */
  readonly gatherMs: number;
  readonly onStatus: (status: UploaderStatus) => void;
}

/** What uploading waits for, and until when at the latest, Unix milliseconds; null where that is not known. */
export interface UploaderStatus {
  readonly state: 'uploading' | 'idle' | 'offline' | 'cooling_down' | 'backing_off' | 'signed_out';
  /** A code of the server's, or of this library; null while there is nothing to say. */
  readonly reason: string | null;
  readonly until: number | null;
}

/** Failures that count, in a row, after which a batch is given up. */
export const MAX_FAILURES = 8;

const GAVE_UP = {
  code: 'gave_up',
  message: 'The server failed to take it too often in a row; it is kept here, try again later.',
  retryable: true,
};

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #waker = new Waker();
  #limits: BatchLimits;
  readonly #setbacks: Setbacks;
  #lastAdded = 0;

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#setbacks = new Setbacks(options, true);
  }

  /** Something has changed: there is more to upload, a network, a user. */
  wake({ afresh = false } = {}): void {
    if (afresh) this.#setbacks.forget();
    this.#waker.wake();
  }

  /** More may follow: a batch is not made at once. */
  gather(): void {
    this.#lastAdded = this.#options.clock.now();
  }

  /** So much is too much for one request. */
  restrict(limits: Partial<BatchLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onStatus } = this.#options;
    while (!signal.aborted) {
      const status = this.#blocked();
      if (status === null) {
        await this.#step(signal);
      } else {
        onStatus(status);
        await this.#waker.wait(status.until === null ? Infinity : status.until - clock.now(), clock, signal);
      }
    }
  }

  /** Why nothing can be sent now; null where it can. */
  #blocked(): UploaderStatus | null {
    const { library, coolDown, isOnline, clock, gatherMs } = this.#options;
    const waiting = library.inState('waiting');
    if (this.#unsent() === undefined && waiting.length === 0) return { state: 'idle', reason: null, until: null };
    if (!isOnline()) return { state: 'offline', reason: null, until: null };
    const cooling = coolDown.current(true);
    if (cooling !== null) return { state: 'cooling_down', ...cooling };
    const { until, error } = this.#setbacks;
    if (until > clock.now()) {
      const { kind = '', code: reason = 'internal' } = error instanceof RequestError ? error : {};
      return { state: kind === 'signed_out' ? kind : 'backing_off', reason, until };
    }
    const gathered = this.#lastAdded + gatherMs;
    if (this.#unsent() === undefined && gathered > clock.now()) return { state: 'idle', reason: null, until: gathered };
    return null;
  }

  /** A batch that has something to upload, the oldest first. */
  #unsent(): BatchDoc | undefined {
    const { library } = this.#options;
    return [...library.batches]
      .sort((a, b) => a.createdAt - b.createdAt)
      .find((batch) => batch.way === 'multipart' || library.uploadingOf(batch).length > 0);
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { sender, library, onStatus } = this.#options;
    let batch: BatchDoc | null = null;
    try {
      batch = this.#unsent() ?? (await this.#begin());
      if (batch === null) return;
      onStatus({ state: 'uploading', reason: null, until: null });
      await sender.send(batch, signal);
      this.#setbacks.forget();
      const left = library.batches.find(({ id }) => id === batch?.id);
      if (left !== undefined && left.failures > 0) await library.putBatch({ ...left, failures: 0 });
    } catch (error) {
      if (signal.aborted) return;
      await this.#setbacks.meet(error);
      if (error instanceof RequestError && error.kind === 'server' && batch !== null)
        await this.#count(batch).catch(this.#options.onError);
    }
  }

  async #begin(): Promise<BatchDoc | null> {
    const { library, newId, clock } = this.#options;
    const plan = planBatch(library.inState('waiting'), this.#limits);
    if (plan === null) return null;
    const batch: BatchDoc = {
      id: newId(),
      key: newId(),
      way: plan.way,
      recordingIds: plan.recordings.map(({ id }) => id),
      target: plan.target,
      createdAt: clock.now(),
      failures: 0,
      jobId: null,
    };
    await library.putBatch(batch);
    await library.update(
      new Map(batch.recordingIds.map((id) => [id, { state: 'uploading', batchId: batch.id, session: null }])),
    );
    return batch;
  }

  async #count(batch: BatchDoc): Promise<void> {
    const { library } = this.#options;
    const current = library.batches.find(({ id }) => id === batch.id);
    if (current === undefined) return;
    const failures = current.failures + 1;
    if (failures < MAX_FAILURES) {
      await library.putBatch({ ...current, failures });
      return;
    }
    await library.endBatch(
      current,
      library.uploadingOf(current).map(({ id }) => [id, GAVE_UP]),
    );
  }
}
