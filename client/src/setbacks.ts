/** What a loop does when something goes wrong: how long it waits, and what the app hears. */
import { backOffMs } from './backoff.ts';
import type { CoolDown } from './coolDown.ts';
import { RequestError } from './errors.ts';
import type { Clock } from './time.ts';

export interface SetbacksOptions {
  readonly coolDown: CoolDown;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

export class Setbacks {
  readonly #options: SetbacksOptions;
  /** In a row, of whatever kind: sets the back-off. */
  #failures = 0;
  /** When to try again, Unix milliseconds. */
  until = 0;
  /** The last one. */
  error: unknown;

  readonly #isUpload: boolean;

  constructor(options: SetbacksOptions, isUpload: boolean) {
    this.#options = options;
    this.#isUpload = isUpload;
  }

  forget(): void {
    this.#failures = 0;
    this.until = 0;
  }

  /** Never rejects: a loop that ended with an error would end for ever. */
  async meet(error: unknown): Promise<void> {
    const { coolDown, clock, random, onError } = this.#options;
    this.error = error;
    if (error instanceof RequestError && error.kind === 'wait') {
      try {
        await coolDown.begin(error, this.#isUpload);
        return;
      } catch (problem) {
        this.error = problem; // Of the store, which may be full.
      }
    }
    this.#failures += 1;
    this.until = clock.now() + backOffMs(this.#failures, random());
    if (!(this.error instanceof RequestError)) onError(this.error);
  }
}
