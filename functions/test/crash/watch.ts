/**
 * Lets a worker process meet its fate where the plan says. Product code has no hooks for this: what is watched is what it is
 * given, Firestore's transactions and its other dependencies.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import type { Moment, Plan, Step, TaskStep } from './boundaries.ts';
import { LEASE_MS } from './deps.ts';
import type { Event } from './orders.ts';

const EVENTS_FD = 3;

/** How long a frozen worker sleeps by its own clock, milliseconds: longer than its lease. */
const FROZEN_MS = 2 * LEASE_MS;

export function sha256Of(audio: Uint8Array): string {
  return createHash('sha256').update(audio).digest('hex');
}

export function tell(event: Event): void {
  writeSync(EVENTS_FD, `${JSON.stringify(event)}\n`);
}

/** What Firestore's client has tried before it fails, by the worker's clock, milliseconds. */
const OUTAGE_STEP_MS = 20_000;

/** Rolls a transaction back on its way to death, or because Firestore fails. */
class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/** As Firestore's client fails when it has tried in vain. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** gRPC: UNKNOWN, which the client does not try again. */
  readonly code = 2;
}

/**
 * The emulator keeps the locks of a transaction whose client died for more than a minute (as Firestore does, up to its idle
 * limit), and the next worker would wait for them. So a worker that is to die first rolls back what it has open, and does
 * nothing else any more: what is stored is the same as if it had died at once. One that is to freeze first ends them.
 */
export class Watch {
  readonly #plan: Plan | null;
  readonly #counts = new Map<string, number>();
  readonly #asking = new Map<symbol, string>();
  #dying = false;
  #open = 0;
  #db: Firestore | null = null;
  #freezing: Promise<void> = Promise.resolve();
  /** Called when the last open transaction has ended. */
  #onQuiet: () => void = () => undefined;
  /** Called when time has passed for the worker, milliseconds. */
  onPassed: (ms: number) => void = () => undefined;
  #isOut = false;

  constructor(plan: Plan | null) {
    this.#plan = plan;
    if (plan !== null && 'afterMs' in plan) {
      setTimeout(() => {
        this.#die();
      }, plan.afterMs);
    }
  }

  /** What a worker does at its end, which one that is dying does not come to. */
  async last(act: () => void): Promise<void> {
    if (this.#dying) await forever();
    act();
  }

  /** A worker comes to a boundary outside transactions. Does not return if it ends here. */
  async reach(step: Step, moment: Moment): Promise<void> {
    if (this.#meets(step, moment)) await this.#befall();
    if (this.#dying) await forever();
  }

  async #befall(): Promise<void> {
    switch (this.#plan?.kind) {
      case 'freeze':
        await (this.#freezing = this.#freeze());
        return;
      case 'hang':
        tell({ event: 'met' });
        await forever();
        return;
      case 'outage':
        this.#beginOutage();
        return;
      default:
        this.#die();
    }
  }

  /** An effect with its two boundaries. */
  async around<T>(step: Step, effect: () => Promise<T>): Promise<T> {
    await this.reach(step, 'before');
    const result = await effect();
    await this.reach(step, 'after');
    return result;
  }

  /** A request to the stand-in: in flight until it has ended. */
  async asking<T>(audio: Uint8Array, request: () => Promise<T>): Promise<T> {
    const key = Symbol('request');
    this.#asking.set(key, sha256Of(audio));
    try {
      return await request();
    } finally {
      this.#asking.delete(key);
    }
  }

  /** Makes each transaction a step of its own, told by what it writes. */
  watchTransactions(db: Firestore, stepOf: (writes: readonly Write[]) => Step | null): void {
    this.#db = db;
    const original = db.runTransaction.bind(db);
    db.runTransaction = async <T>(body: (tx: Transaction) => Promise<T>): Promise<T> => {
      await this.#freezing;
      if (this.#dying) await forever();
      let writes: Write[] = [];
      let result: T;
      this.#open += 1;
      try {
        if (this.#isOut) throw this.#failure();
        result = await original(async (tx) => {
          writes = [];
          const value = await body(recording(tx, writes));
          const step = stepOf(writes);
          if (step !== null && this.#meets(step, 'before')) {
            if (this.#plan?.kind === 'outage') this.#beginOutage();
            else this.#die();
          }
          if (this.#dying || this.#isOut) throw new RolledBack();
          return value;
        });
      } catch (error) {
        throw error instanceof RolledBack && this.#isOut ? this.#failure() : error;
      } finally {
        await this.#closed();
      }
      const step = stepOf(writes);
      if (step !== null) await this.reach(step, 'after');
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- an outage may have begun meanwhile
      if (this.#isOut) throw this.#failure(); // It is written, and its answer is lost.
      return result;
    };
  }

  #beginOutage(): void {
    tell({ event: 'met' });
    this.#isOut = true;
    // What is read outside of transactions.
    Object.assign(this.#db ?? {}, { requestStream: () => Promise.reject(this.#failure()) });
  }

  #failure(): OutageError {
    this.onPassed(OUTAGE_STEP_MS);
    return new OutageError('Firestore does not answer.');
  }

  async #closed(): Promise<void> {
    this.#open -= 1;
    if (this.#open === 0) this.#onQuiet();
    if (!this.#dying) return;
    if (this.#open === 0) void this.#end();
    await forever();
  }

  #meets(step: Step, moment: Moment): boolean {
    const key = `${moment} "${step}"`;
    if (!this.#dying) tell({ event: 'at', boundary: key });
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (this.#plan === null || 'afterMs' in this.#plan) return false;
    const { at } = this.#plan;
    return at.step === step && at.moment === moment && at.nth === count;
  }

  /** Stands still, as soon as no transaction is open and before another one is. */
  async #freeze(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    tell({ event: 'frozen', asking: [...this.#asking.values()] });
    process.kill(process.pid, 'SIGSTOP');
    this.onPassed(FROZEN_MS);
  }

  #die(): void {
    if (this.#dying) return;
    this.#dying = true;
    // Whatever its last requests to Firestore end with, it is of no interest to anybody any more.
    process.on('uncaughtException', () => undefined);
    tell({ event: 'dying' });
    if (this.#open === 0) void this.#end();
  }

  /**
   * Waits until the requests to Firestore have ended: the client itself waits for no rollback, and a transaction that a process
   * left behind, be it at an ordinary end, would keep its locks in the emulator.
   */
  async untilIdle(): Promise<void> {
    // A rollback is asked for some turns after its transaction has failed; later requests would be refused.
    await setImmediate();
    await this.#db?.terminate();
  }

  async #end(): Promise<void> {
    await this.untilIdle();
    process.kill(process.pid, 'SIGKILL');
  }
}

/** What a dying worker waits for. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

export interface Write {
  readonly path: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const WRITES = new Set<PropertyKey>(['set', 'update', 'create']);

/** The transaction, which notes what is written in it. */
function recording(tx: Transaction, writes: Write[]): Transaction {
  const proxy: Transaction = new Proxy(tx, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (WRITES.has(key)) {
          const [ref, data] = args as [DocumentReference, Record<string, unknown>];
          writes.push({ path: ref.path, data });
        }
        const result: unknown = member.apply(target, args);
        return result === target ? proxy : result;
      };
    },
  });
  return proxy;
}

/** What a transaction of the task makes durable; null for one that writes nothing. */
export function taskStepOf(writes: readonly Write[]): TaskStep | null {
  const find = (pattern: RegExp): Write['data'] | undefined => writes.find(({ path }) => pattern.test(path))?.data;
  if (find(/\/chunks\/[^/]+$/) !== undefined) return 'record transcription';
  const recording = find(/^users\/[^/]+\/recordings\//);
  if (recording !== undefined) return recording['state'] === 'claimed' ? 'claim recordings' : 'finalize recordings';
  const job = find(/^offline_sync_jobs\/[^/]+$/);
  if (job === undefined) return null;
  switch (job['status']) {
    case 'processing':
      return 'take lease';
    case 'deferred':
      return 'defer job';
    case 'pending':
      return 'continue job';
    case undefined:
      break;
    default:
      return 'finish job';
  }
  if ('notifiedAt' in job) return 'wrap up';
  return 'reading' in job ? 'note reading' : 'heartbeat';
}
