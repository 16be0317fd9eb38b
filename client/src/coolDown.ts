/** When the server wants to be left alone. It is kept in the store, so that an app that is started every minute waits, too. */
import { coolDownMs, LONGEST_COOL_DOWN_MS } from './backoff.ts';
import type { RequestError } from './errors.ts';
import type { RecordingStore, StoredValue } from './store.ts';
import { Deadline } from './time.ts';
import type { Clock } from './time.ts';

/** Where one is kept that is for everything, and one that is for uploads alone. */
const ALL = 'coolDown';
const UPLOADS = 'coolDown/uploads';
const KEYS = [ALL, UPLOADS];
/** An upload that gets one of these is refused as such: the server answers everything else as before. */
const OF_UPLOADS = new Set(['fair_use_restricted', 'too_many_jobs', 'daily_budget_used', 'project_budget_used']);

export interface CoolDownOptions {
  readonly store: Pick<RecordingStore, 'put' | 'remove'>;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Cooling {
  readonly until: Deadline;
  /** The server's code, and its sentence where that was kept. */
  readonly why: { readonly reason: string; readonly message?: string };
}

export class CoolDown {
  readonly #options: CoolDownOptions;
  readonly #cooling = new Map<string, Cooling>();

  constructor(options: CoolDownOptions) {
    this.#options = options;
  }

  /** @param entries all that is in the store */
  load(entries: ReadonlyMap<string, StoredValue>): void {
    const { clock } = this.#options;
    this.#cooling.clear();
    for (const key of KEYS) {
      const { until, lengthMs, reason, message } = entries.get(key) ?? {};
      if (typeof until !== 'number') continue;
      // A clock that was set back since makes it no longer than it was when it began.
      const longestMs = typeof lengthMs === 'number' ? lengthMs : LONGEST_COOL_DOWN_MS;
      const remainingMs = Math.min(until - clock.now(), longestMs);
      if (remainingMs <= 0) continue;
      const why = { reason: String(reason), ...(typeof message === 'string' ? { message } : {}) };
      this.#cooling.set(key, { until: new Deadline(clock, remainingMs), why });
    }
  }

  /** What holds uploads back, or everything else; null where nothing does. */
  current(isUpload: boolean): Cooling | null {
    const [all, uploads] = KEYS.map((key) => this.#current(key));
    const isLonger = isUpload && (uploads?.until.remainingMs ?? 0) > (all?.until.remainingMs ?? 0);
    return (isLonger ? uploads : all) ?? null;
  }

  #current(key: string): Cooling | undefined {
    const cooling = this.#cooling.get(key);
    return cooling !== undefined && cooling.until.remainingMs > 0 ? cooling : undefined;
  }

  /** @param isUpload whether the server answered an upload with it. */
  async begin({ code, message, retryAfterMs }: RequestError, isUpload: boolean): Promise<void> {
    const { store, clock, random } = this.#options;
    const key = isUpload && OF_UPLOADS.has(code) ? UPLOADS : ALL;
    const lengthMs = Math.max(coolDownMs(retryAfterMs, random()), this.#current(key)?.until.remainingMs ?? 0);
    const cooling = { until: new Deadline(clock, lengthMs), why: { reason: code, message } };
    this.#cooling.set(key, cooling);
    const entry: StoredValue = { until: cooling.until.at, lengthMs, reason: code, message };
    await store.put(new Map([[key, entry]]));
  }

  /** By hand: the user wants it tried now. */
  async end(): Promise<void> {
    this.#cooling.clear();
    await this.#options.store.remove(KEYS);
  }
}
