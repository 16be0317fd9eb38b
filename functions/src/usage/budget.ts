/**
 * Daily budgets: what one user, and what the whole project, may use in a day (UTC). They limit the operator's bill, whatever strangers
 * do, so they are on by default.
 *
 * A user's counters are in `users/{uid}/usage/{day}`. The project's counters are spread over {@link SHARDS} documents of
 * `project_usage`, because Firestore takes about one write a second of a document, and many workers count. A budget is checked before
 * it is used, without locks, and an instance reads the project's counters at most every half minute. So a budget may be exceeded by the
 * work in flight at that moment (ten minutes of audio and four requests for each task), and by what other instances count in half a
 * minute. Bytes are counted in a transaction of the user, because a user may send any number of requests at once.
 */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, DocumentSnapshot, Firestore, Transaction, WriteBatch } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { dayOf, KEPT_MS as USAGE_KEPT_MS, untilMidnight, usageOf } from './usage.ts';

/**
 * What is limited: seconds decoded and searched for speech; seconds of speech sent to transcription; bytes of accepted recordings;
 * bytes of kept audio played by links, which count for the user who shares them.
 */
export type Resource = 'detectedSeconds' | 'sentSeconds' | 'uploadedBytes' | 'sharedBytes';

/**
 * The least bytes that a job, a recording, and an imported segment or edit count: their documents, and the worker of a job, cost the
 * same however small they are, even if all recordings are known. The default budget leaves room for a day and night of recordings of
 * ten seconds, with a job each minute.
 */
export const LEAST_BYTES = { job: 1024 * 1024, recording: 128 * 1024, imported: 16 * 1024 } as const;

export interface BudgetLimits {
  /** For one user in one day; 0 for any amount. Speech of a user is limited by their stage: see fairUse.ts. */
  readonly user: Readonly<Record<Resource, number>>;
  /** For all users together in one day; 0 for any amount. */
  readonly project: Readonly<Record<Resource, number>>;
}

export interface BudgetDeps {
  readonly db: Firestore;
  readonly limits: BudgetLimits;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Fifty workers that count every few seconds write to each of them about once a second. */
const SHARDS = 10;
/** Per cent of the project's budget at which the operator is told, each once a day. */
const TOLD_AT = [50, 80, 100] as const;
/** The project's counters are read again after this long, milliseconds, because other instances count too. */
const PROJECT_READ_EVERY_MS = 30_000;
/** How long the project's counters are kept, milliseconds. */
const KEPT_MS = 40 * 24 * 3600 * 1000;
/** The most audio that is counted in advance, seconds. */
const LARGEST_BLOCK_SECONDS = 600;

interface DayUsage {
  readonly day: string;
  readonly user: number;
  readonly project: ProjectDay;
}

/** The project's use on a day: as it was read, plus what this instance has counted since. */
interface ProjectDay {
  readonly used: Record<Resource, number>;
  /** The highest of {@link TOLD_AT} of which the operator was told that day; 0 before. */
  readonly told: Record<Resource, number>;
}

/** Subtracts what was counted, on its own day, if nothing was used after all. */
export type Refund = () => Promise<void>;

export const NOTHING_COUNTED: Refund = () => Promise.resolve();

export class DailyBudget {
  readonly #deps: BudgetDeps;
  #project: { readonly day: string; readonly readAtMs: number; readonly use: Promise<ProjectDay> } | null = null;

  constructor(deps: BudgetDeps) {
    this.#deps = deps;
  }

  /**
   * Counts the bytes of one request, unless the user's daily limit is reached. Of requests that come at once, only one can exceed the
   * limit, and by less than the limit. So no user can use up the project's budget.
   * @returns an error if it was refused: `daily_budget_used`, `project_budget_used`; `payload_too_large` for more than a whole day's
   * budget.
   */
  async reserveBytes(uid: string, bytes: number): Promise<AppError | Refund> {
    const { db, limits, now } = this.#deps;
    const resource = 'uploadedBytes';
    if (bytes === 0) return NOTHING_COUNTED;
    const largest = Math.min(...[limits.user, limits.project].map((limit) => limit[resource] || Infinity));
    if (bytes > largest) {
      const message = `At most ${String(Math.floor(largest / 1e6))} MB in one job, and in one day; make several jobs.`;
      return new AppError('payload_too_large', { message });
    }
    const day = dayOf(now());
    const project = await this.#projectOn(day);
    const refusal = await db.runTransaction(async (tx) => {
      const user = numberIn(await tx.get(usageOf(db, uid, day)), resource);
      const why = this.#refusal({ day, user, project }, resource);
      if (why === null) this.#add(tx, uid, resource, bytes, day);
      return why;
    });
    if (refusal !== null) return refusal;
    await this.#counted(resource, bytes, day, project);
    return () => this.#write(uid, resource, -bytes, { day, project });
  }

  /** Counts without a check. */
  async count(uid: string, resource: Resource, amount: number): Promise<Refund> {
    if (amount === 0) return NOTHING_COUNTED;
    const before = await this.#read(uid, resource);
    await this.#write(uid, resource, amount, before);
    return () => this.#write(uid, resource, -amount, before);
  }

  /**
   * Checks and counts. To be called before the resource is used.
   * @throws AppError `daily_budget_used`, `project_budget_used`: nothing is counted then.
   */
  async spend(uid: string, resource: Resource, amount: number): Promise<Refund> {
    const before = await this.#read(uid, resource);
    const refusal = this.#refusal(before, resource);
    if (refusal !== null) throw refusal;
    await this.#write(uid, resource, amount, before);
    return () => this.#write(uid, resource, -amount, before);
  }

  /**
   * {@link spend} for audio that is detected minute by minute. Counts blocks that grow with the audio so far, so that short jobs count
   * little more than they have and long jobs write seldom.
   */
  audioMeter(uid: string): (seconds: number) => Promise<void> {
    let counted = 0;
    let used = 0;
    let last = Promise.resolve();
    const meter = async (seconds: number): Promise<void> => {
      used += seconds;
      if (used <= counted) return;
      const block = Math.max(used - counted, Math.min(counted, LARGEST_BLOCK_SECONDS));
      await this.spend(uid, 'detectedSeconds', block);
      counted += block;
    };
    // One after the other: passages are detected in parallel, but each block depends on the one before it.
    return (seconds) => (last = last.then(() => meter(seconds)));
  }

  /** Why no more may be used today; null if more may be used. */
  #refusal({ user, project }: DayUsage, resource: Resource): AppError | null {
    const { limits, now } = this.#deps;
    const isUsed = (used: number, limit: number): boolean => limit > 0 && used >= limit;
    if (isUsed(user, limits.user[resource])) return new AppError('daily_budget_used', untilMidnight(now()));
    if (isUsed(project.used[resource], limits.project[resource]))
      return new AppError('project_budget_used', untilMidnight(now()));
    return null;
  }

  async #read(uid: string, resource: Resource): Promise<DayUsage> {
    const { db, now } = this.#deps;
    const day = dayOf(now());
    const [user, project] = await Promise.all([usageOf(db, uid, day).get(), this.#projectOn(day)]);
    return { day, user: numberIn(user, resource), project };
  }

  async #projectOn(day: string): Promise<ProjectDay> {
    const nowMs = this.#deps.now();
    if (this.#project?.day !== day || nowMs - this.#project.readAtMs >= PROJECT_READ_EVERY_MS) {
      this.#project = { day, readAtMs: nowMs, use: this.#readProject(day) };
    }
    const { use } = this.#project;
    use.catch(() => (this.#project = null));
    return use;
  }

  async #readProject(day: string): Promise<ProjectDay> {
    const { db } = this.#deps;
    const shards = Array.from({ length: SHARDS }, (_, shard) => shardOf(db, day, shard));
    const [told, ...counted] = await db.getAll(toldOf(db, day), ...shards);
    const each = (read: (resource: Resource) => number): Record<Resource, number> => ({
      detectedSeconds: read('detectedSeconds'),
      sentSeconds: read('sentSeconds'),
      uploadedBytes: read('uploadedBytes'),
      sharedBytes: read('sharedBytes'),
    });
    return {
      used: each((resource) => counted.reduce((sum, shard) => sum + numberIn(shard, resource), 0)),
      told: each((resource) => numberIn(told, resource)),
    };
  }

  async #write(
    uid: string,
    resource: Resource,
    amount: number,
    { day, project }: Pick<DayUsage, 'day' | 'project'>,
  ): Promise<void> {
    const batch = this.#deps.db.batch();
    this.#add(batch, uid, resource, amount, day);
    await batch.commit();
    await this.#counted(resource, amount, day, project);
  }

  #add(to: WriteBatch | Transaction, uid: string, resource: Resource, amount: number, day: string): void {
    const { db, now } = this.#deps;
    const shard = Math.floor(Math.random() * SHARDS);
    const added = (keptMs: number) => ({
      day,
      [resource]: FieldValue.increment(amount),
      expiresAt: Timestamp.fromMillis(now() + keptMs),
    });
    // As a batch: the union of both types has no signature of its own.
    const writes = to as WriteBatch;
    writes.set(usageOf(db, uid, day), added(USAGE_KEPT_MS), { merge: true });
    writes.set(shardOf(db, day, shard), added(KEPT_MS), { merge: true });
  }

  async #counted(resource: Resource, amount: number, day: string, project: ProjectDay): Promise<void> {
    project.used[resource] += amount;
    await this.#tell(resource, day, project);
  }

  /** Tells the operator of a threshold. If several instances find it reached, only one does. */
  async #tell(resource: Resource, day: string, { used, told }: ProjectDay): Promise<void> {
    const { db, limits, logger, now } = this.#deps;
    const limit = limits.project[resource];
    const percent = TOLD_AT.findLast((each) => limit > 0 && used[resource] >= (limit * each) / 100);
    if (percent === undefined || percent <= told[resource]) return;
    const isFirst = await db.runTransaction(async (tx) => {
      const ref = toldOf(db, day);
      if (numberIn(await tx.get(ref), resource) >= percent) return false;
      tx.set(ref, { [resource]: percent, expiresAt: Timestamp.fromMillis(now() + KEPT_MS) }, { merge: true });
      return true;
    });
    told[resource] = percent;
    if (!isFirst) return;
    const level = percent === 100 ? 'error' : 'warn';
    const fields = { stage: 'budget', resource, percent, used: Math.round(used[resource]), limit };
    logger[level]('budget.used', fields);
  }
}

function shardOf(db: Firestore, day: string, shard: number): DocumentReference {
  return db.doc(`project_usage/${day}_${String(shard)}`);
}

/** The document that has what the operator was told that day. */
function toldOf(db: Firestore, day: string): DocumentReference {
  return db.doc(`project_usage/${day}_told`);
}

function numberIn(doc: DocumentSnapshot | undefined, field: string): number {
  const value: unknown = doc?.get(field);
  return typeof value === 'number' ? value : 0;
}
