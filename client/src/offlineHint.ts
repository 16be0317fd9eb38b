/** What the platform says of the network, taken for a hint: some platforms say "offline" although the network works. */
import { LONGEST_UNREACHED_MS } from './backoff.ts';
import { Deadline } from './time.ts';
import type { Clock } from './time.ts';

export interface OfflineHintOptions {
  readonly isOnline: () => boolean;
  readonly clock: Clock;
}

export class OfflineHint {
  readonly #options: OfflineHintOptions;
  #next: Deadline | null = null;
  #isIgnored = false;

  constructor(options: OfflineHintOptions) {
    this.#options = options;
  }

  /** When to try although the platform says "offline"; null where nothing keeps from trying now. */
  get until(): Deadline | null {
    const { isOnline, clock } = this.#options;
    if (this.#isIgnored || isOnline()) return null;
    this.#next ??= new Deadline(clock, LONGEST_UNREACHED_MS);
    return this.#next.remainingMs > 0 ? this.#next : null;
  }

  /** A person asks for an attempt, or a request was answered: the hint does not count until an attempt fails or the network changes. */
  ignore(): void {
    this.#isIgnored = true;
  }

  /** An attempt failed, or the network has changed: the hint counts again. */
  heed(): void {
    this.#isIgnored = false;
    this.#next = null;
  }
}
