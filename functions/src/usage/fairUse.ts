/**
 * Fair use: limits for one user of what all users share.
 *
 * Decisions use the counts of that moment, without locks. Uploads of one user that are accepted at the same moment may all exceed the
 * limit of jobs, and requests in flight when the budget runs out are finished and counted. So a limit may be exceeded once, by the work
 * in flight, and by no more.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore } from 'firebase-admin/firestore';
import { FAIR_USE_STAGES } from 'offline-audio-sync-contract';
import type { FairUseEntry, FairUseStage } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { JobStatus } from '../jobs/job.ts';
import { ACTIVE_STATUSES } from '../jobs/stateMachine.ts';
import type { JobStore } from '../jobs/store.ts';
import { dayOf, untilMidnight, usageOf } from './usage.ts';

export interface FairUseLimits {
  /** Jobs of one user that are under way at once; 0 for any number. */
  readonly maxActiveJobs: number;
  /** Jobs of one user whose recordings have not all arrived; 0 for any number. They cost storage and have no result yet. */
  readonly maxUnfinishedUploads: number;
  /** Speech sent to transcription for one user in one day (UTC), seconds; 0 for any amount. */
  readonly dailySpeechSeconds: number;
  /** The same for a user who is `throttled`; 0 for the limit of all users. */
  readonly throttledSpeechSeconds: number;
}

export interface FairUseDeps {
  readonly db: Firestore;
  /** Counts the user's unfinished jobs, up to a number. */
  readonly jobs: Pick<JobStore, 'countActive'>;
  readonly limits: FairUseLimits;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Retry-After for a user with too many jobs, seconds: a job takes minutes. */
const JOBS_RETRY_SECONDS = 60;
/** Retry-After for a user whose restriction has no end, seconds. */
const RESTRICTED_RETRY_SECONDS = 6 * 3600;

/** Validated, because an operator may have written it by hand in the console. */
const stored = z.object({
  stage: z.enum(FAIR_USE_STAGES),
  until: z.instanceof(Timestamp).nullish(),
});

export class FairUse {
  readonly #deps: FairUseDeps;

  constructor(deps: FairUseDeps) {
    this.#deps = deps;
  }

  /** Why the user may not upload now: `fair_use_restricted`, `too_many_jobs`; null if they may. */
  async refuseUpload(uid: string): Promise<AppError | null> {
    const { db, jobs, limits, now } = this.#deps;
    const { stage, untilMs } = this.#stageIn((await userOf(db, uid).get()).get('fairUse'));
    if (stage === 'restricted') {
      const retryAfterSeconds = untilMs === null ? RESTRICTED_RETRY_SECONDS : (untilMs - now()) / 1000;
      return new AppError('fair_use_restricted', { retryAfterSeconds });
    }
    const { maxActiveJobs, maxUnfinishedUploads } = limits;
    const isFull = async (statuses: readonly JobStatus[], limit: number): Promise<boolean> =>
      limit > 0 && (await jobs.countActive(uid, limit, statuses)) >= limit;
    if ((await isFull(['uploading'], maxUnfinishedUploads)) || (await isFull(ACTIVE_STATUSES, maxActiveJobs))) {
      return new AppError('too_many_jobs', { retryAfterSeconds: JOBS_RETRY_SECONDS });
    }
    return null;
  }

  /** To be called before speech of the user is sent to transcription. @throws AppError `daily_budget_used`, until midnight UTC. */
  async requireBudget(uid: string): Promise<void> {
    const { db, limits, now } = this.#deps;
    if (limits.dailySpeechSeconds === 0 && limits.throttledSpeechSeconds === 0) return;
    const nowMs = now();
    const [user, usage] = await db.getAll(userOf(db, uid), usageOf(db, uid, dayOf(nowMs)));
    const budget = this.#budgetOf(this.#stageIn(user?.get('fairUse')).stage);
    const used: unknown = usage?.get('speechSeconds');
    if (budget === 0 || typeof used !== 'number' || used < budget) return;
    throw new AppError('daily_budget_used', untilMidnight(nowMs));
  }

  #budgetOf(stage: FairUseStage): number {
    const { dailySpeechSeconds, throttledSpeechSeconds } = this.#deps.limits;
    return stage === 'throttled' && throttledSpeechSeconds > 0 ? throttledSpeechSeconds : dailySpeechSeconds;
  }

  /** The stage of an entry. It is `none` if the entry is invalid or has ended. */
  #stageIn(entry: unknown): { stage: FairUseStage; untilMs: number | null } {
    const { data } = stored.safeParse(entry);
    const untilMs = data?.until?.toMillis() ?? null;
    if (data === undefined || (untilMs !== null && untilMs <= this.#deps.now()))
      return { stage: 'none', untilMs: null };
    return { stage: data.stage, untilMs };
  }
}

/** Sets a user's stage. Only the operator's tool calls it; no deployed function does. */
export async function setStage(db: Firestore, uid: string, fairUse: FairUseEntry<Timestamp>): Promise<void> {
  await userOf(db, uid).set({ fairUse }, { merge: true });
}

function userOf(db: Firestore, uid: string): DocumentReference {
  return db.doc(`users/${uid}`);
}
