/**
 * Recordings that our server has failed to accept for a day. They are shown as failed, and tried again automatically: every few hours,
 * and soon after the server has accepted another upload.
 */
import { backToWaiting } from './library.ts';
import type { Library } from './library.ts';
import { localFailure } from './recording.ts';
import type { BatchDoc, RecordingDoc } from './recording.ts';
import { Stopwatch } from './time.ts';
import type { Clock } from './time.ts';

const GAVE_UP = localFailure('gave_up');

/** Time until the next try, milliseconds. A recording that the server can never accept costs four requests a day. */
const AGAIN_AFTER_MS = 6 * 3600_000;
/** The same after the server has accepted other uploads. */
const AGAIN_WHEN_WELL_MS = 3600_000;

export interface GivenUpOptions {
  readonly library: Library;
  readonly clock: Clock;
}

export class GivenUp {
  readonly #options: GivenUpOptions;
  /** Runs since the recording was given up, by its id. */
  readonly #since = new Map<string, Stopwatch>();
  #isServerWell = false;

  constructor(options: GivenUpOptions) {
    this.#options = options;
  }

  /** Ends the batch. Its recordings that are not uploaded have failed. */
  async giveUp(batch: BatchDoc): Promise<void> {
    const { library } = this.#options;
    this.#isServerWell = false;
    const change = { state: 'failed', batchId: null, session: null, failure: GAVE_UP } as const;
    await library.update(
      new Map(library.uploadingOf(batch).map(({ id, givenUp }) => [id, { ...change, givenUp: givenUp + 1 }])),
    );
    await library.endBatch(batch);
  }

  /** Tells that the server has just accepted an upload. */
  serverIsWell(): void {
    this.#isServerWell = true;
  }

  /** Queues recordings again that were given up long enough ago. */
  async requeueDue(): Promise<void> {
    const due = this.#all().filter((recording) => this.#remainingMs(recording) === 0);
    await this.#options.library.update(new Map(due.map(({ id }) => [id, backToWaiting])), 'failed');
    for (const { id } of due) this.#since.delete(id);
  }

  /** When {@link requeueDue} must be called next, milliseconds from now. */
  get nextInMs(): number {
    return this.#all().reduce((next, recording) => Math.min(next, this.#remainingMs(recording)), Infinity);
  }

  #all(): RecordingDoc[] {
    return this.#options.library.inState('failed').filter(({ failure }) => failure?.code === GAVE_UP.code);
  }

  #remainingMs({ id, changedAt }: RecordingDoc): number {
    const stopwatch = this.#since.get(id) ?? new Stopwatch(this.#options.clock, changedAt);
    this.#since.set(id, stopwatch);
    return Math.max(0, (this.#isServerWell ? AGAIN_WHEN_WELL_MS : AGAIN_AFTER_MS) - stopwatch.elapsedMs);
  }
}
