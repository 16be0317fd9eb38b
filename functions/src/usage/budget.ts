/**
 * Daily budgets: what one user, and what the whole project, may use in a day (UTC). They bound the operator's bill whatever strangers
 * do, so they are on by default.
 *
 * What a user used is in `users/{uid}/usage/{day}`. What the project used is spread over {@link SHARDS} documents of
 * `project_usage`, because one document takes about one write a second and workers count side by side. A budget is checked before it
 * is used and without locks, and an instance reads the project's counters at most every half minute. So a budget may be passed by what
 * is in flight in that moment (ten minutes of audio and four requests a task), and by what other instances count in half a minute.
 * Bytes are counted by requests, of which a user may send any number at once: of them the user's own budget is exact.
 */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, DocumentSnapshot, Firestore, Transaction, WriteBatch } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { dayOf, KEPT_MS as USAGE_KEPT_MS, untilMidnight, usageOf } from './usage.ts';

/**
 * Seconds decoded and searched for speech; seconds of speech sent to transcription; bytes of recordings accepted; bytes of kept audio
 * played by links, which count for the user who shares them.
 */
export type Resource = 'detectedSeconds' | 'sentSeconds' | 'uploadedBytes' | 'sharedBytes';

/**
 * What a job, a recording, and a segment or an edit that is imported, count for at least, bytes: their documents, and the worker of a job,
 * cost the same however small they are, and also where all is known already. It leaves room for ten seconds in each recording of a
 * day and night, and for a job each minute.
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
/** Per cent of the project's budget at which the operator is told, once a day for each. */
const TOLD_AT = [50, 80, 100] as const;
/** The project's counters are read again after so long, milliseconds: other instances count as well. */
const PROJECT_READ_EVERY_MS = 30_000;
/** How long the project's counters are kept, milliseconds. */
const KEPT_MS = 40 * 24 * 3600 * 1000;
/** Audio that is counted ahead at most, seconds. */
const LARGEST_BLOCK_SECONDS = 600;

interface DayUsage {
  readonly day: string;
  readonly user: number;
  readonly project: ProjectDay;
}

/** What the project used on a day: as it was read, and what this instance counted since. */
interface ProjectDay {
  readonly used: Record<Resource, number>;
  /** The highest of {@link TOLD_AT} that was told that day; 0 before. */
  readonly told: Record<Resource, number>;
}

/** Takes a count back, on the day that it is of, where nothing was used after all. */
export type TakeBack = () => Promise<void>;

export const NOTHING_COUNTED: TakeBack = () => Promise.resolve();

export class DailyBudget {
  readonly #deps: BudgetDeps;
  #project: { readonly day: string; readonly readAtMs: number; readonly use: Promise<ProjectDay> } | null = null;

  constructor(deps: BudgetDeps) {
    this.#deps = deps;
  }

  /**
   * Counts the bytes of one request, where some are left of the day: of requests that come at once, one alone may pass the limit, and by
   * less than the limit. So no user can use up what all share.
   * @returns why not: `daily_budget_used`, `project_budget_used`; `payload_too_large` for more than any day has.
   */
  async reserveBytes(uid: string, bytes: number): Promise<AppError | TakeBack> {
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

  /** Counts what is used. */
  async count(uid: string, resource: Resource, amount: number): Promise<TakeBack> {
    if (amount === 0) return NOTHING_COUNTED;
    const before = await this.#read(uid, resource);
    await this.#write(uid, resource, amount, before);
    return () => this.#write(uid, resource, -amount, before);
  }

  /**
   * To be called before it is used.
   * @throws AppError `daily_budget_used`, `project_budget_used`: nothing is counted then.
   */
  async spend(uid: string, resource: Resource, amount: number): Promise<TakeBack> {
    const before = await this.#read(uid, resource);
    const refusal = this.#refusal(before, resource);
    if (refusal !== null) throw refusal;
    await this.#write(uid, resource, amount, before);
    return () => this.#write(uid, resource, -amount, before);
  }

  /**
   * {@link spend} for audio that is detected minute by minute: counts it in blocks that grow with what was detected, so that short jobs
   * count what they are and long ones write seldom.
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
    // One after the other: passages are detected side by side, and each block must know of the one before it.
    return (seconds) => (last = last.then(() => meter(seconds)));
  }

  /** Why no more of it may be used today; null while it may. */
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

  /** Of the instances that find a threshold reached, one tells the operator. */
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

/** What the operator was told that day. */
function toldOf(db: Firestore, day: string): DocumentReference {
  return db.doc(`project_usage/${day}_told`);
}

function numberIn(doc: DocumentSnapshot | undefined, field: string): number {
  const value: unknown = doc?.get(field);
  return typeof value === 'number' ? value : 0;
}
