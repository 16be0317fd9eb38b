/** Waits that the server has asked for. They are kept in the store, so that an app that is started every minute waits too. */
import { coolDownMs, LONGEST_COOL_DOWN_MS } from './backoff.ts';
import type { RequestError } from './errors.ts';
import type { RecordingStore, StoredValue } from './store.ts';
import { Deadline } from './time.ts';
import type { Clock } from './time.ts';

/** Keys of the wait for all requests, and of the wait for uploads. */
const ALL = 'coolDown';
const UPLOADS = 'coolDown/uploads';
const KEYS = [ALL, UPLOADS];
/** Codes that refuse uploads only: the server answers other requests as before. */
const OF_UPLOADS = new Set(['fair_use_restricted', 'too_many_jobs', 'daily_budget_used', 'project_budget_used']);

export interface CoolDownOptions {
  readonly store: Pick<RecordingStore, 'put' | 'remove'>;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Cooling {
  readonly until: Deadline;
  /** The server's code, and its sentence if it was stored. */
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
      // If the clock was set back since, the wait is no longer than at its beginning.
      const longestMs = typeof lengthMs === 'number' ? lengthMs : LONGEST_COOL_DOWN_MS;
      const remainingMs = Math.min(until - clock.now(), longestMs);
      if (remainingMs <= 0) continue;
      const why = { reason: String(reason), ...(typeof message === 'string' ? { message } : {}) };
      this.#cooling.set(key, { until: new Deadline(clock, remainingMs), why });
    }
  }

  /** The wait that holds back uploads, or other requests; null if there is none. */
  current(isUpload: boolean): Cooling | null {
    const [all, uploads] = KEYS.map((key) => this.#current(key));
    const isLonger = isUpload && (uploads?.until.remainingMs ?? 0) > (all?.until.remainingMs ?? 0);
    return (isLonger ? uploads : all) ?? null;
  }

  #current(key: string): Cooling | undefined {
    const cooling = this.#cooling.get(key);
    return cooling !== undefined && cooling.until.remainingMs > 0 ? cooling : undefined;
  }

  /** @param isUpload whether it is the answer to an upload. */
  async begin({ code, message, retryAfterMs }: RequestError, isUpload: boolean): Promise<void> {
    const { store, clock, random } = this.#options;
    const key = isUpload && OF_UPLOADS.has(code) ? UPLOADS : ALL;
    const lengthMs = Math.max(coolDownMs(retryAfterMs, random()), this.#current(key)?.until.remainingMs ?? 0);
    const cooling = { until: new Deadline(clock, lengthMs), why: { reason: code, message } };
    this.#cooling.set(key, cooling);
    const entry: StoredValue = { until: cooling.until.at, lengthMs, reason: code, message };
    await store.put(new Map([[key, entry]]));
  }

  /** Ends all waits, because the user wants to try now. */
  async end(): Promise<void> {
    this.#cooling.clear();
    await this.#options.store.remove(KEYS);
  }
}
