/** When the server wants to be left alone. It is kept in the store: an app that is started every minute waits, too. */
import { coolDownMs, LONGEST_COOL_DOWN_MS } from './backoff.ts';
import type { RequestError } from './errors.ts';
import type { RecordingStore } from './store.ts';
import type { Clock } from './time.ts';

const KEY = 'coolDown';

export interface CoolDownOptions {
  readonly store: Pick<RecordingStore, 'put' | 'remove' | 'entries'>;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Cooling {
  /** Unix milliseconds. */
  readonly until: number;
  /** The server's code. */
  readonly reason: string;
}

export class CoolDown {
  readonly #options: CoolDownOptions;
  #cooling: Cooling | null = null;

  constructor(options: CoolDownOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { until, reason } = (await this.#options.store.entries()).get(KEY) ?? {};
    this.#cooling = typeof until === 'number' ? { until, reason: String(reason) } : null;
  }

  /** Null where there is none. */
  current(): Cooling | null {
    const now = this.#options.clock.now();
    // A clock that was set back makes no cool-down of years.
    const isOn =
      this.#cooling !== null && this.#cooling.until > now && this.#cooling.until <= now + 1.1 * LONGEST_COOL_DOWN_MS;
    return isOn ? this.#cooling : null;
  }

  async begin({ code, retryAfterMs }: RequestError): Promise<void> {
    const { store, clock, random } = this.#options;
    const until = clock.now() + coolDownMs(retryAfterMs, random());
    this.#cooling = { until: Math.max(until, this.current()?.until ?? 0), reason: code };
    await store.put(new Map([[KEY, { ...this.#cooling }]]));
  }

  /** By hand: the user wants it tried now. */
  async end(): Promise<void> {
    this.#cooling = null;
    await this.#options.store.remove([KEY]);
  }
}
