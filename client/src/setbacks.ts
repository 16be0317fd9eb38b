/** What a loop does when something goes wrong: how long it waits, and what the app hears. */
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
  /** In a row, of any kind: sets the back-off. */
  #failures = 0;
  #until: Deadline | null = null;
  /** The last one. */
  error: unknown;

  constructor(options: SetbacksOptions, isUpload: boolean) {
    this.#options = options;
    this.#isUpload = isUpload;
  }

  /** When to try again; null where nothing has to be waited for. */
  get until(): Deadline | null {
    return this.#until !== null && this.#until.remainingMs > 0 ? this.#until : null;
  }

  /** The next failure counts as the first. */
  forget(): void {
    this.#failures = 0;
    this.#until = null;
  }

  /**
   * The network has changed, so what did not reach the server may reach it now. The failures stay counted: a network that comes
   * and goes must not bring a request each time. What the server itself answered does not depend on the network.
   */
  hurry(): void {
    if (this.error instanceof RequestError && this.error.kind === 'network') this.#until = null;
  }

  /** Never rejects: a loop that ended with an error would never run again. */
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
