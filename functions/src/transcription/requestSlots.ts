/**
 * Limits the requests that the whole project has in flight at its transcription service. Services have such a limit for each project
 * (Deepgram: 100), and tasks do not know of one another, so they lease slots: `transcription_slots/{number}`.
 *
 * Each slot is a document, because Firestore takes about one write a second of a document. A slot is leased for one request. A request
 * reads a few slots at random, so it costs some reads and two writes. If none of them is free, it looks again after a random pause, so
 * no request waits much longer than others.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Timestamp } from 'firebase-admin/firestore';
import type {
  CollectionReference,
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Query,
} from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';

export interface RequestSlotsOptions {
  readonly db: Firestore;
  /** The largest number of requests in flight; 0 for any number. */
  readonly limit: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long a slot stays taken after its worker has died, milliseconds. */
  readonly leaseMs?: number;
  /** How long to wait for a slot, milliseconds. */
  readonly maxWaitMs?: number;
}

interface Slot {
  /** The time from which on the slot is free. */
  readonly expiresAt: Timestamp;
  /** The request that has it; null if it is free. */
  readonly owner: string | null;
}

/** A slot that this request has. */
interface HeldSlot {
  readonly ref: DocumentReference<Slot>;
  readonly owner: string;
}

const LEASE_MS = 60_000;
/** The lease is renewed this often within its time. */
const RENEWALS_PER_LEASE = 3;
const MAX_WAIT_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** Slots that are read together. */
const PROBES = 3;

/** gRPC: the slot was taken meanwhile (NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION). */
const TAKEN: ReadonlySet<unknown> = new Set([5, 6, 9]);

const FREE: Slot = { expiresAt: Timestamp.fromMillis(0), owner: null };

export class RequestSlots {
  readonly #options: RequestSlotsOptions;

  constructor(options: RequestSlotsOptions) {
    this.#options = options;
  }

  /**
   * Runs a request when a slot is free.
   * @throws AppError `transcription_rate_limited` if no slot was free for too long; the signal's reason.
   */
  async use<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    if (this.#options.limit === 0) return request();
    const { leaseMs = LEASE_MS } = this.#options;
    const slot = await this.#acquire(signal);
    let isRenewing = false;
    // One renewal at a time: if Firestore is slow, they would wait for each other's locks, and keep the slot from being freed.
    const renew = async (): Promise<void> => {
      if (isRenewing) return;
      isRenewing = true;
      await this.#write(slot, this.#leased(slot.owner));
      isRenewing = false;
    };
    const timer = setInterval(() => void renew(), leaseMs / RENEWALS_PER_LEASE);
    try {
      return await request();
    } finally {
      clearInterval(timer);
      await this.#write(slot, FREE);
    }
  }

  async #acquire(signal: AbortSignal): Promise<HeldSlot> {
    const { now, maxWaitMs = MAX_WAIT_MS } = this.#options;
    const endsMs = now() + maxWaitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      for (const doc of await this.#findFree()) {
        const slot = await this.#claimSlot(doc);
        if (slot !== null) return slot;
      }
      if (now() + pauseMs > endsMs) throw new AppError('transcription_rate_limited');
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** Finds free slots among a few at random or, if many are taken, among all that were ever used. */
  async #findFree(): Promise<DocumentSnapshot<Slot>[]> {
    const { db, limit, now } = this.#options;
    const numbers = new Set(Array.from({ length: PROBES }, () => Math.floor(Math.random() * limit)));
    const docs = await db.getAll(...[...numbers].map((number) => this.#slots().doc(String(number))));
    const free = (docs as DocumentSnapshot<Slot>[]).filter((doc) => (doc.data() ?? FREE).expiresAt.toMillis() <= now());
    if (free.length > 0) return free;
    return (await freeSlots(db, now()).limit(PROBES).get()).docs.filter(({ id }) => Number(id) < limit);
  }

  async #claimSlot(doc: DocumentSnapshot<Slot>): Promise<HeldSlot | null> {
    const owner = randomUUID();
    try {
      if (doc.updateTime === undefined) await doc.ref.create(this.#leased(owner));
      else await doc.ref.update({ ...this.#leased(owner) }, { lastUpdateTime: doc.updateTime });
      return { ref: doc.ref, owner };
    } catch (error) {
      if (error instanceof Error && 'code' in error && TAKEN.has(error.code)) return null;
      throw error;
    }
  }

  /**
   * Renews the lease of a slot, or frees it, if this request still has it. It does so in a transaction, because a renewal that
   * is under way when the slot is freed, or whose answer is lost, must not keep the slot taken.
   */
  async #write({ ref, owner }: HeldSlot, value: Slot): Promise<void> {
    try {
      await this.#options.db.runTransaction(async (tx) => {
        if ((await tx.get(ref)).data()?.owner === owner) tx.set(ref, value);
      });
    } catch {
      // The slot becomes free when its lease ends. If this request still runs then, one request more than the limit is in flight.
    }
  }

  #leased(owner: string): Slot {
    const { now, leaseMs = LEASE_MS } = this.#options;
    return { expiresAt: Timestamp.fromMillis(now() + leaseMs), owner };
  }

  #slots(): CollectionReference<Slot> {
    return slotsOf(this.#options.db);
  }
}

/** The query of slots that were used before and are free. @param nowMs Unix milliseconds. */
export function freeSlots(db: Firestore, nowMs: number): Query<Slot> {
  return slotsOf(db).where('expiresAt', '<=', Timestamp.fromMillis(nowMs)).orderBy('expiresAt');
}

function slotsOf(db: Firestore): CollectionReference<Slot> {
  return db.collection('transcription_slots') as CollectionReference<Slot>;
}
