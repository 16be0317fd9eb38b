/**
 * One run of the sweeper: re-enqueues stuck jobs, ends expired ones, and deletes orphaned objects. Every step is bounded in jobs and
 * time, continues where the last run stopped, and may run twice at the same time. A job or object that fails is counted and left for
 * the next run; the others are processed.
 */
import { Timestamp } from 'firebase-admin/firestore';
import { errorFields } from '../logger.ts';
import { KEPT_PREFIX } from '../storage/keptAudio.ts';
import type { ListedObject, ObjectPage } from '../storage/objects.ts';
import { jobSteps } from './jobSteps.ts';
import type { JobStep, JobStepDeps } from './jobSteps.ts';
import { forEachUntil } from './finishing.ts';
import type { IsOver } from './finishing.ts';
import { sweepKeptAudio } from './keptAudio.ts';
import { deleteOrphans } from './orphans.ts';
import type { Deletions } from './orphans.ts';
import { finishDeletions, finishRedatings } from './unfinished.ts';
import { finishUserDeletions } from './userDeletion.ts';
import type { UserDeletionDeps } from './userDeletion.ts';
import type { JobCursor, ObjectPass, SweeperState, SweeperStateStore } from './state.ts';

export interface SweepLimits {
  /** Jobs that are read at once. */
  readonly pageSize: number;
  /** Jobs that one step looks at. */
  readonly jobsPerStep: number;
  /** Objects that one run looks at. */
  readonly objects: number;
  /** A step begins nothing more after this long, milliseconds. */
  readonly stepMs: number;
}

/** Thirteen steps of 37 s leave a minute of the function's timeout of 540 s, in which steps finish what they have under way. */
export const SWEEP_LIMITS: SweepLimits = { pageSize: 200, jobsPerStep: 10_000, objects: 20_000, stepMs: 37_000 };

export interface SweepDeps extends JobStepDeps, Pick<UserDeletionDeps, 'accountCreatedAtMs'> {
  readonly state: SweeperStateStore;
  readonly limits: SweepLimits;
}

export interface StepReport {
  readonly step: string;
  /** Jobs or objects looked at. */
  readonly seen: number;
  /** How many of these the step acted on. */
  readonly done: number;
  readonly failed: number;
  /** Whether a limit was reached, so that the next run continues where this one stopped. */
  readonly more: boolean;
  /** Whether the step as a whole failed. */
  readonly broken: boolean;
  readonly ms: number;
}

type Counts = Omit<StepReport, 'step' | 'ms' | 'broken'>;

/** Jobs of one step that are worked on at once. */
const CONCURRENCY = 16;
/** Younger objects are left alone, milliseconds: there is no hurry, and clocks differ. */
const OBJECT_AGE_MS = 3600_000;
/** Shortest time between two passes over all objects, milliseconds: a pass reads every job that has objects. */
const PASS_EVERY_MS = 3600_000;

/** @throws Error if every step failed, so that the schedule retries. */
export async function sweep(deps: SweepDeps): Promise<StepReport[]> {
  const state = await deps.state.load();
  const reports: StepReport[] = [];
  for (const step of jobSteps(deps)) {
    const from = state.jobs?.[step.name] ?? null;
    reports.push(await timed(step.name, deps, (isOver) => sweepJobs(step, from, deps, isOver)));
  }
  reports.push(await timed('deletions', deps, (isOver) => finishDeletions(deps, isOver)));
  reports.push(await timed('redatings', deps, (isOver) => finishRedatings(deps, isOver)));
  const staged = { pass: 'objects', prefix: 'uploads/', deleteFrom: deleteOrphans } as const;
  reports.push(await timed('orphaned_objects', deps, (isOver) => sweepObjects(staged, state, deps, isOver)));
  const kept = { pass: 'keptAudio', prefix: KEPT_PREFIX, deleteFrom: sweepKeptAudio } as const;
  reports.push(await timed('kept_audio', deps, (isOver) => sweepObjects(kept, state, deps, isOver)));
  // Last, because the deletion of one user may take any time. If it does not fit, the next run continues it.
  reports.push(await timed('user_deletions', deps, (isOver) => finishUserDeletions(deps, isOver)));
  if (reports.every(({ broken }) => broken)) throw new Error('No step of the sweep could be done; see its log.');
  return reports;
}

async function timed(step: string, deps: SweepDeps, run: (isOver: IsOver) => Promise<Counts>): Promise<StepReport> {
  const { limits, logger, now } = deps;
  const startedMs = now();
  let counts: Counts = { seen: 0, done: 0, failed: 0, more: false };
  let broken = false;
  try {
    counts = await run(() => now() >= startedMs + limits.stepMs);
  } catch (error) {
    broken = true;
    logger.error('sweep.step_failed', { stage: 'sweep', step, ...errorFields(error) });
  }
  broken ||= counts.seen > 0 && counts.failed === counts.seen;
  const report = { step, ...counts, broken, ms: now() - startedMs };
  logger[counts.failed > 0 || broken ? 'warn' : 'info']('sweep.step', { stage: 'sweep', ...report });
  return report;
}

async function sweepJobs(
  step: JobStep,
  from: JobCursor | null,
  { limits, logger, state }: SweepDeps,
  isOver: IsOver,
): Promise<Counts> {
  const query = step.due.query.limit(limits.pageSize);
  const counts = { seen: 0, done: 0, failed: 0 };
  let cursor = from;
  do {
    const { docs } = await (cursor === null ? query : query.startAfter(cursor.at, cursor.jobId)).get();
    const begun = await forEachUntil(docs, { isOver, concurrency: CONCURRENCY }, async (doc) => {
      try {
        if (await step.act(doc.id, doc.data())) counts.done += 1;
      } catch (error) {
        counts.failed += 1;
        logger.warn('sweep.job_failed', { jobId: doc.id, stage: 'sweep', step: step.name, ...errorFields(error) });
      }
    });
    counts.seen += begun;
    const last = docs[begun - 1];
    const at = last === undefined ? null : step.due.at(last.data());
    const isEnd = begun === docs.length && docs.length < limits.pageSize;
    cursor = last === undefined || at === null || isEnd ? null : { at, jobId: last.id };
  } while (cursor !== null && counts.seen < limits.jobsPerStep && !isOver());

  if (cursor !== null || from !== null) await state.saveJobCursor(step.name, cursor);
  return { ...counts, more: cursor !== null };
}

/** One of the passes over objects. */
interface Pass {
  readonly pass: ObjectPass;
  readonly prefix: string;
  /** Deletes listed objects that are no longer needed. */
  readonly deleteFrom: (listed: readonly ListedObject[], deps: SweepDeps) => Promise<Deletions>;
}

async function sweepObjects(
  { pass, prefix, deleteFrom }: Pass,
  state: SweeperState,
  deps: SweepDeps,
  isOver: IsOver,
): Promise<Counts> {
  const { limits, logger, now } = deps;
  const from = state[pass];
  const nowMs = now();
  const counts = { seen: 0, done: 0, failed: 0 };
  let pageToken = from?.pageToken ?? null;
  let begunAt = from?.begunAt ?? Timestamp.fromMillis(0);
  if (pageToken === null) {
    if (begunAt.toMillis() > nowMs - PASS_EVERY_MS) return { ...counts, more: false };
    begunAt = Timestamp.fromMillis(nowMs);
  }
  do {
    const page = await listFrom(pass, prefix, pageToken, deps);
    const old = page.objects.filter(({ createdAtMs }) => createdAtMs <= nowMs - OBJECT_AGE_MS);
    const { deleted, errors } = await deleteFrom(old, deps);
    // Logs one of them only: when Storage fails, all errors are alike.
    for (const error of errors.slice(0, 1))
      logger.warn('sweep.object_failed', { stage: 'sweep', ...errorFields(error) });
    counts.seen += page.objects.length;
    counts.done += deleted;
    counts.failed += errors.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== null && counts.seen < limits.objects && !isOver());

  await deps.state.saveObjectCursor(pass, { pageToken, begunAt });
  return { ...counts, more: pageToken !== null };
}

/** Reads a page of a pass. If Storage does not know the page token any more, the next run begins from the start. */
async function listFrom(
  pass: ObjectPass,
  prefix: string,
  pageToken: string | null,
  { objects, state }: SweepDeps,
): Promise<ObjectPage> {
  try {
    return await objects.list(prefix, pageToken);
  } catch (error) {
    if (pageToken !== null) await state.saveObjectCursor(pass, { pageToken: null, begunAt: Timestamp.fromMillis(0) });
    throw error;
  }
}
