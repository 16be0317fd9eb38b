/**
 * Carries out the plan of a worker process. The code under test has no hooks for this: its dependencies are watched, and the
 * transactions of Firestore.
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

/** How long Firestore's client tries before it fails, by the worker's clock, milliseconds. */
const OUTAGE_STEP_MS = 20_000;

/** Rolls a transaction back, because the worker dies or Firestore fails. */
class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/** How Firestore's client fails after it has tried for some time. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** gRPC's UNKNOWN, after which the client does not try again. */
  readonly code = 2;
}

/**
 * Watches a worker. If a client dies, the emulator keeps the locks of its transactions for more than a minute (as Firestore does, up to
 * its idle limit), and the next worker would wait for them. So before a worker is killed, it rolls back its open transactions and does
 * nothing else; what is stored is the same as if it had been killed immediately. Before a worker is frozen, it ends them.
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
  /** Called with the time that has passed for the worker, milliseconds. */
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

  /** Does the last act of a worker, unless it is dying. */
  async last(act: () => void): Promise<void> {
    if (this.#dying) await forever();
    act();
  }

  /** Called at a boundary outside of transactions. Does not return if the worker ends here. */
  async reach(step: Step, moment: Moment): Promise<void> {
    if (this.#meets(step, moment)) await this.#carryOut();
    if (this.#dying) await forever();
  }

  async #carryOut(): Promise<void> {
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

  /** Causes an effect, with a boundary before and after it. */
  async around<T>(step: Step, effect: () => Promise<T>): Promise<T> {
    await this.reach(step, 'before');
    const result = await effect();
    await this.reach(step, 'after');
    return result;
  }

  /** Makes a request to the stand-in, which counts as in flight until it has ended. */
  async asking<T>(audio: Uint8Array, request: () => Promise<T>): Promise<T> {
    const key = Symbol('request');
    this.#asking.set(key, sha256Of(audio));
    try {
      return await request();
    } finally {
      this.#asking.delete(key);
    }
  }

  /** Makes each transaction a step, which follows from what it writes. */
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
      if (this.#isOut) throw this.#failure(); // It was written, and the answer is lost.
      return result;
    };
  }

  #beginOutage(): void {
    tell({ event: 'met' });
    this.#isOut = true;
    // For reads outside of transactions.
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

  /** Stops the process as soon as no transaction is open. */
  async #freeze(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    tell({ event: 'frozen', asking: [...this.#asking.values()] });
    process.kill(process.pid, 'SIGSTOP');
    this.onPassed(FROZEN_MS);
  }

  #die(): void {
    if (this.#dying) return;
    this.#dying = true;
    // Errors of its last requests to Firestore do not matter.
    process.on('uncaughtException', () => undefined);
    tell({ event: 'dying' });
    if (this.#open === 0) void this.#end();
  }

  /**
   * Waits until the requests to Firestore have ended. The client itself does not wait for rollbacks, and a transaction that is still
   * open when its process ends keeps its locks in the emulator.
   */
  async untilIdle(): Promise<void> {
    // A rollback is requested some turns of the event loop after its transaction has failed, and is refused after `terminate`.
    await setImmediate();
    await this.#db?.terminate();
  }

  async #end(): Promise<void> {
    await this.untilIdle();
    process.kill(process.pid, 'SIGKILL');
  }
}

/** Never resolves, so that a dying worker does nothing more. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

export interface Write {
  readonly path: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const WRITES = new Set<PropertyKey>(['set', 'update', 'create']);

/** A transaction that notes what is written in it. */
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

/** The step that a transaction of the task is; null if it writes nothing. */
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
