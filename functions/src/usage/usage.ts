/** A user's usage, counted once, in the transaction that stores the result: `users/{uid}/usage/{yyyy-mm-dd}` (UTC). */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { usagePath } from 'offline-audio-sync-contract';
import type { UsageCounters } from 'offline-audio-sync-contract';

const DAY_MS = 24 * 3600 * 1000;
/** How long the counters are kept, milliseconds: a year and a month, for a yearly bill. */
export const KEPT_MS = 396 * DAY_MS;

export class UsageStore {
  readonly #db: Firestore;
  readonly #now: () => number;

  constructor(db: Firestore, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  /** Adds to today's counters within the transaction. */
  add(tx: Transaction, uid: string, counters: Partial<UsageCounters>): void {
    const now = this.#now();
    const day = dayOf(now);
    const increments = Object.fromEntries(
      Object.entries(counters).map(([name, value]: [string, number]) => [name, FieldValue.increment(value)]),
    );
    tx.set(
      usageOf(this.#db, uid, day),
      { ...increments, day, expiresAt: Timestamp.fromMillis(now + KEPT_MS) },
      { merge: true },
    );
  }
}

/** The day of a moment, in UTC: `yyyy-mm-dd`. @param nowMs Unix milliseconds. */
export function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

/** The wait for the next day's budget, as options of an error. @param nowMs Unix milliseconds. */
export function untilMidnight(nowMs: number): { readonly retryAfterSeconds: number; readonly untilMs: number } {
  const untilMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  return { retryAfterSeconds: (untilMs - nowMs) / 1000, untilMs };
}

export function usageOf(db: Firestore, uid: string, day: string): DocumentReference {
  return db.doc(`${usagePath(uid)}/${day}`);
}
