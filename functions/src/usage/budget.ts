/**
 * Daily budgets: what one user, and what the whole project, may use in a day (UTC). They bound the operator's bill whatever strangers
 * do, so they are on by default.
 *
 * What a user used is in `users/{uid}/usage/{day}`. What the project used is spread over {@link SHARDS} documents of
 * `project_usage`, because one document takes about one write a second and workers count side by side. A budget is checked before it
 * is used and without locks, so it may be passed by what is in flight in that moment: ten minutes of audio and four requests a task.
 */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, DocumentSnapshot, Firestore } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { dayOf, KEPT_MS as USAGE_KEPT_MS, untilMidnight, usageOf } from './usage.ts';

/** Seconds decoded and searched for speech; seconds of speech sent to transcription; bytes of recordings accepted. */
export type Resource = 'detectedSeconds' | 'sentSeconds' | 'uploadedBytes';

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
/** How long the project's counters are kept, milliseconds. */
const KEPT_MS = 40 * 24 * 3600 * 1000;
/** Audio that is counted ahead at most, seconds. */
const LARGEST_BLOCK_SECONDS = 600;

interface DayUsage {
  readonly day: string;
  readonly user: number;
  readonly project: number;
  /** The highest of {@link TOLD_AT} that was told today; 0 before. */
  readonly told: number;
}

export class DailyBudget {
  readonly #deps: BudgetDeps;

  constructor(deps: BudgetDeps) {
    this.#deps = deps;
  }

  /** Why no more of it may be used today: `daily_budget_used`, `project_budget_used`; null while it may. */
  async refuse(uid: string, resource: Resource): Promise<AppError | null> {
    return this.#refusal(await this.#read(uid, resource), resource);
  }

  /** Counts what is used. The operator is told of what the project's budget has come to. */
  async count(uid: string, resource: Resource, amount: number): Promise<void> {
    await this.#write(uid, resource, amount, await this.#read(uid, resource));
  }

  /** To be called before it is used. @throws AppError `daily_budget_used`, `project_budget_used`: nothing is counted then. */
  async spend(uid: string, resource: Resource, amount: number): Promise<void> {
    const before = await this.#read(uid, resource);
    const refusal = this.#refusal(before, resource);
    if (refusal !== null) throw refusal;
    await this.#write(uid, resource, amount, before);
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

  #refusal({ user, project }: DayUsage, resource: Resource): AppError | null {
    const { limits, now } = this.#deps;
    const isUsed = (used: number, limit: number): boolean => limit > 0 && used >= limit;
    if (isUsed(user, limits.user[resource])) return new AppError('daily_budget_used', untilMidnight(now()));
    if (isUsed(project, limits.project[resource])) return new AppError('project_budget_used', untilMidnight(now()));
    return null;
  }

  async #read(uid: string, resource: Resource): Promise<DayUsage> {
    const { db, now } = this.#deps;
    const day = dayOf(now());
    const shards = Array.from({ length: SHARDS }, (_, shard) => shardOf(db, day, shard));
    const [user, told, ...counted] = await db.getAll(usageOf(db, uid, day), toldOf(db, day), ...shards);
    return {
      day,
      user: numberIn(user, resource),
      project: counted.reduce((sum, shard) => sum + numberIn(shard, resource), 0),
      told: numberIn(told, resource),
    };
  }

  async #write(uid: string, resource: Resource, amount: number, before: DayUsage): Promise<void> {
    const { db, now } = this.#deps;
    const { day } = before;
    const shard = Math.floor(Math.random() * SHARDS);
    const batch = db.batch();
    const added = (keptMs: number) => ({
      day,
      [resource]: FieldValue.increment(amount),
      expiresAt: Timestamp.fromMillis(now() + keptMs),
    });
    batch.set(usageOf(db, uid, day), added(USAGE_KEPT_MS), { merge: true });
    batch.set(shardOf(db, day, shard), added(KEPT_MS), { merge: true });
    await batch.commit();
    await this.#tell(resource, before.project + amount, before);
  }

  /** Each threshold is told by one of those who find it reached, whichever of them counted past it. */
  async #tell(resource: Resource, used: number, { day, told }: DayUsage): Promise<void> {
    const { db, limits, logger, now } = this.#deps;
    const limit = limits.project[resource];
    const percent = TOLD_AT.findLast((each) => limit > 0 && used >= (limit * each) / 100);
    if (percent === undefined || percent <= told) return;
    const isFirst = await db.runTransaction(async (tx) => {
      const ref = toldOf(db, day);
      if (numberIn(await tx.get(ref), resource) >= percent) return false;
      tx.set(ref, { [resource]: percent, expiresAt: Timestamp.fromMillis(now() + KEPT_MS) }, { merge: true });
      return true;
    });
    if (!isFirst) return;
    const level = percent === 100 ? 'error' : 'warn';
    logger[level]('Project budget used', { stage: 'budget', resource, percent, used: Math.round(used), limit });
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
