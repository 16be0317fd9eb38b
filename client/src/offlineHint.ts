/** The platform's report of the network, used as a hint, because some platforms report "offline" although the network works. */
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

  /** When to try although the platform reports "offline"; null to try now. */
  get until(): Deadline | null {
    const { isOnline, clock } = this.#options;
    if (this.#isIgnored || isOnline()) return null;
    this.#next ??= new Deadline(clock, LONGEST_UNREACHED_MS);
    return this.#next.remainingMs > 0 ? this.#next : null;
  }

  /** Ignores the hint until an attempt fails or the network changes: a user wants to try, or a request was answered. */
  ignore(): void {
    this.#isIgnored = true;
  }

  /** Heeds the hint again: an attempt failed, or the network has changed. */
  heed(): void {
    this.#isIgnored = false;
    this.#next = null;
  }
}
