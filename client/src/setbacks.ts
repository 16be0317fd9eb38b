/** Handles failures of a loop: how long it waits, and what the app is told. */
import { backOffMs, LONGEST_BACK_OFF_MS, LONGEST_COOL_DOWN_MS, LONGEST_UNREACHED_MS } from './backoff.ts';
import type { CoolDown } from './coolDown.ts';
import { RequestError } from './errors.ts';
import { Deadline } from './time.ts';
import type { Clock } from './time.ts';

export interface SetbacksOptions {
  readonly coolDown: CoolDown;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

export class Setbacks {
  readonly #options: SetbacksOptions;
  readonly #isUpload: boolean;
  /** Failures in a row, of any kind. The back-off grows with them. */
  #failures = 0;
  #until: Deadline | null = null;
  /** The last failure. */
  error: unknown;

  constructor(options: SetbacksOptions, isUpload: boolean) {
    this.#options = options;
    this.#isUpload = isUpload;
  }

  /** When to try again; null if there is no wait. */
  get until(): Deadline | null {
    return this.#until !== null && this.#until.remainingMs > 0 ? this.#until : null;
  }

  /** Forgets all failures: the next one counts as the first. */
  forget(): void {
    this.#failures = 0;
    this.#until = null;
  }

  /**
   * Ends the wait after the network has changed, if the last request did not reach the server. The failures stay counted, because a
   * network that comes and goes must not cause a request each time. Waits after answers of the server stay.
   */
  hurry(): void {
    if (this.error instanceof RequestError && this.error.kind === 'network') this.#until = null;
  }

  /** Handles a failure. Never rejects, because a loop that ended with an error would never run again. */
  async meet(error: unknown): Promise<void> {
    const { coolDown, clock, random, onError } = this.#options;
    this.error = error;
    if (error instanceof RequestError && error.kind === 'wait') {
      try {
        await coolDown.begin(error, this.#isUpload);
        return;
      } catch (problem) {
        this.error = problem; // The store's; it may be full.
      }
    }
    this.#failures += 1;
    const isUnreached = this.error instanceof RequestError && this.error.kind === 'network';
    const longestMs = isUnreached ? LONGEST_UNREACHED_MS : LONGEST_BACK_OFF_MS;
    const askedMs = this.error instanceof RequestError ? (this.error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(askedMs, backOffMs(this.#failures, random(), longestMs));
    this.#until = new Deadline(clock, Math.min(waitMs, LONGEST_COOL_DOWN_MS));
    if (!(this.error instanceof RequestError)) onError(this.error);
  }
}
