/** When the server wants to be left alone. It is kept in the store: an app that is started every minute waits, too. */
import { coolDownMs, LONGEST_COOL_DOWN_MS } from './backoff.ts';
import type { RequestError } from './errors.ts';
import type { RecordingStore } from './store.ts';
import type { Clock } from './time.ts';

/** Where one is kept that is for everything, and one that is for uploads alone. */
const ALL = 'coolDown';
const UPLOADS = 'coolDown/uploads';
const KEYS = [ALL, UPLOADS];
/** An upload that gets one of these is refused as such: the server answers everything else as before. */
const OF_UPLOADS = new Set(['fair_use_restricted', 'too_many_jobs']);

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
  readonly #cooling = new Map<string, Cooling>();

  constructor(options: CoolDownOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const entries = await this.#options.store.entries();
    this.#cooling.clear();
    for (const key of KEYS) {
      const { until, reason } = entries.get(key) ?? {};
      if (typeof until === 'number') this.#cooling.set(key, { until, reason: String(reason) });
    }
  }

  /** What holds uploads back, or everything else; null where nothing does. */
  current(isUpload: boolean): Cooling | null {
    const [all, uploads] = KEYS.map((key) => this.#current(key));
    const isLonger = isUpload && (uploads?.until ?? 0) > (all?.until ?? 0);
    return (isLonger ? uploads : all) ?? null;
  }

  #current(key: string): Cooling | undefined {
    const now = this.#options.clock.now();
    const cooling = this.#cooling.get(key);
    // A clock that was set back makes no cool-down of years.
    return cooling && cooling.until > now && cooling.until <= now + 1.1 * LONGEST_COOL_DOWN_MS ? cooling : undefined;
  }

  /** @param isUpload whether the server said so to an upload. */
  async begin({ code, retryAfterMs }: RequestError, isUpload: boolean): Promise<void> {
    const { store, clock, random } = this.#options;
    const key = isUpload && OF_UPLOADS.has(code) ? UPLOADS : ALL;
    const until = clock.now() + coolDownMs(retryAfterMs, random());
    const cooling = { until: Math.max(until, this.#current(key)?.until ?? 0), reason: code };
    this.#cooling.set(key, cooling);
    await store.put(new Map([[key, cooling]]));
  }

  /** By hand: the user wants it tried now. */
  async end(): Promise<void> {
    this.#cooling.clear();
    await this.#options.store.remove(KEYS);
  }
}
