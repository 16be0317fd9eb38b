/**
 * Recordings that our server failed to take for a day. They are shown as failed, and are taken up again by themselves: every few hours,
 * and soon after the server takes another upload.
 */
import { backToWaiting } from './library.ts';
import type { Library } from './library.ts';
import { localFailure } from './recording.ts';
import type { BatchDoc, RecordingDoc } from './recording.ts';
import { Stopwatch } from './time.ts';
import type { Clock } from './time.ts';

const GAVE_UP = localFailure('gave_up');

/** Milliseconds. A recording that the server can never take costs four requests a day. */
const AGAIN_AFTER_MS = 6 * 3600_000;
/** The same once the server takes other uploads. */
const AGAIN_WHEN_WELL_MS = 3600_000;

export interface GivenUpOptions {
  readonly library: Library;
  readonly clock: Clock;
}

export class GivenUp {
  readonly #options: GivenUpOptions;
  /** How long each has been given up, by the recording's id. */
  readonly #since = new Map<string, Stopwatch>();
  #isServerWell = false;

  constructor(options: GivenUpOptions) {
    this.#options = options;
  }

  /** Ends the batch; what is still to be uploaded of it has failed. */
  async giveUp(batch: BatchDoc): Promise<void> {
    const { library } = this.#options;
    this.#isServerWell = false;
    const change = { state: 'failed', batchId: null, session: null, failure: GAVE_UP } as const;
    await library.update(
      new Map(library.uploadingOf(batch).map(({ id, givenUp }) => [id, { ...change, givenUp: givenUp + 1 }])),
    );
    await library.endBatch(batch);
  }

  /** The server has just taken an upload. */
  serverIsWell(): void {
    this.#isServerWell = true;
  }

  /** Queues what was given up long enough ago again. */
  async requeueDue(): Promise<void> {
    const due = this.#all().filter((recording) => this.#remainingMs(recording) === 0);
    await this.#options.library.update(new Map(due.map(({ id }) => [id, backToWaiting])), 'failed');
    for (const { id } of due) this.#since.delete(id);
  }

  /** When {@link requeueDue} has something to do, milliseconds from now. */
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
