/** What the sweeper does to jobs: one step for each way in which a job can need help. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { deferral } from '../jobs/deferral.ts';
import type { DueJob, DueJobs, DueQuery } from '../jobs/dueJobs.ts';
import type { Job } from '../jobs/job.ts';
import { retryWaitMs } from '../jobs/lease.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { isFinished, STARTED_STATUSES } from '../jobs/stateMachine.ts';
import { backInQueue } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { endEarly, wrapUp } from '../completion/finish.ts';
import type { EarlyEnd, EndDeps, WrapUpDeps } from '../completion/finish.ts';
import { isArriving, listStaged, receiveAll, startWithoutMissing } from '../upload/arrivals.ts';
import type { UploadedObjects } from '../storage/objects.ts';

export interface JobStepDeps extends EndDeps, WrapUpDeps {
  readonly objects: UploadedObjects;
  readonly db: Firestore;
  readonly due: DueJobs;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  /** An upload ends after this long without an arrival, milliseconds. */
  readonly uploadExpiryMs: number;
  /** How long the audio of an unfinished job is kept, milliseconds. */
  readonly audioRetentionMs: number;
}

export interface JobStep {
  readonly name: string;
  readonly due: DueQuery;
  /**
   * Acts on one job, if that is still needed: every write checks it in its transaction. May be repeated, even by two sweepers at the
   * same time. @returns whether there was something to do.
   */
  readonly act: (jobId: string, job: DueJob) => Promise<boolean>;
}

/** How long after the end of a lease, or of a deferral, the sweeper acts: the platform's own retry comes first. */
const GRACE_MS = 60_000;
/** How long a short operation (an enqueue, a wrap-up) may take before the sweeper repeats it. */
const MOMENT_MS = 2 * 60_000;
/**
 * After this long a job gets a second task, in case the first is gone: the id of a task that ran or was purged stays blocked for about
 * an hour. The epoch stays the same, so the first task is still valid if it is in the queue.
 */
const REDRIVE_MS = 70 * 60_000;

/** The steps, the most urgent first. */
export function jobSteps(deps: JobStepDeps): JobStep[] {
  const { due } = deps;
  const nowMs = deps.now();
  return [
    {
      name: 'dead_leases',
      due: due.still('processing', nowMs - GRACE_MS),
      act: async (jobId, job) => isDead(job, nowMs - GRACE_MS) && reviveDead(jobId, nowMs - GRACE_MS, deps),
    },
    {
      name: 'pending',
      due: due.still('pending', nowMs - MOMENT_MS),
      act: (jobId, job) => enqueueAgain(jobId, job, nowMs - job.updatedAt.toMillis(), deps),
    },
    {
      name: 'deferred',
      due: due.overdue('deferred', nowMs - GRACE_MS),
      act: (jobId, job) => enqueueAgain(jobId, job, nowMs - (job.waitingFor?.until?.toMillis() ?? nowMs), deps),
    },
    {
      name: 'uploads',
      due: due.still('uploading', nowMs - MOMENT_MS),
      act: (jobId, job) => receiveUpload(jobId, job, deps),
    },
    {
      name: 'wrap_ups',
      due: due.notWrappedUp(nowMs - MOMENT_MS),
      act: (jobId) => wrapUpEnded(jobId, deps),
    },
    {
      name: 'uploads_expired',
      due: due.overdue('uploading', nowMs),
      act: (jobId, job) => expireUpload(jobId, job, nowMs, deps),
    },
    {
      name: 'retention_ended',
      due: due.begun(STARTED_STATUSES, nowMs - deps.audioRetentionMs),
      act: (jobId) => end(jobId, 'retention_ended', isRetentionOver(nowMs, deps), deps),
    },
    { name: 'jobs_expired', due: due.expired(nowMs), act: (jobId) => deps.jobs.deleteExpired(jobId) },
  ];
}

/**
 * Revives a job whose worker has died, and whose task may be gone. The new epoch makes a late worker or task of the old one void. After
 * repeated deaths the job waits before its next attempt, as after any other failure.
 */
async function reviveDead(jobId: string, deadSinceMs: number, { jobs, queue, now }: JobStepDeps): Promise<boolean> {
  const result: { revived: boolean } = { revived: false };
  const job = await jobs.update(jobId, (current) => {
    result.revived = isDead(current, deadSinceMs);
    if (!result.revived) return null;
    if (retryWaitMs(current.attempts) > 0) return deferral(current, null, now());
    return backInQueue(current);
  });
  if (!result.revived || job === null) return false;
  const delaySeconds = Math.max(0, ((job.waitingFor?.until?.toMillis() ?? 0) - now()) / 1000);
  await queue.enqueue({ jobId, uid: job.uid, epoch: job.epoch }, { delaySeconds });
  return true;
}

function isDead({ status, lease }: DueJob, sinceMs: number): boolean {
  return status === 'processing' && (lease?.expiresAt.toMillis() ?? 0) <= sinceMs;
}

/** Enqueues a job again, in case its enqueue was lost. If the task is queued already, its id is the same, so no second one is added. */
async function enqueueAgain(jobId: string, job: DueJob, waitedMs: number, { queue }: JobStepDeps): Promise<boolean> {
  await queue.enqueue({ jobId, uid: job.uid, epoch: job.epoch }, { redrive: Math.floor(waitedMs / REDRIVE_MS) });
  return true;
}

/**
 * Does the work of events of Storage that may have been lost. It also starts an upload that waits for no object, because all of its
 * recordings are known, if the request that began it has died.
 */
async function receiveUpload(jobId: string, job: DueJob, deps: JobStepDeps): Promise<boolean> {
  if (!isArriving(job)) return false;
  await receiveAll(job.uid, jobId, deps);
  return true;
}

/** Ends an upload without an arrival for long enough, however old it is. Recordings that have arrived are processed. */
async function expireUpload(jobId: string, job: DueJob, nowMs: number, deps: JobStepDeps): Promise<boolean> {
  const isDue = ({ status }: Job): boolean => status === 'uploading';
  if (!isArriving(job)) return end(jobId, 'upload_expired', isDue, deps);
  const objects = await listStaged(job.uid, jobId, deps);
  const expiresMs = Math.max(0, ...[...objects.values()].map(({ createdAtMs }) => createdAtMs)) + deps.uploadExpiryMs;
  if (expiresMs > nowMs) {
    await deps.jobs.update(jobId, (current) =>
      isArriving(current) && current.waitingFor !== null
        ? { waitingFor: { ...current.waitingFor, until: Timestamp.fromMillis(expiresMs) } }
        : null,
    );
    return false;
  }
  if ((await startWithoutMissing(jobId, objects, deps)) !== null) return true;
  return end(jobId, 'upload_expired', isDue, deps);
}

/** Does what a worker that died at the very end left undone. */
async function wrapUpEnded(jobId: string, deps: JobStepDeps): Promise<boolean> {
  const job = await deps.jobs.get(jobId);
  if (job === null || !isFinished(job.status) || job.notifiedAt !== null) return false;
  await wrapUp(jobId, job, deps, deps.logger);
  return true;
}

async function end(jobId: string, reason: EarlyEnd, isDue: (job: Job) => boolean, deps: JobStepDeps): Promise<boolean> {
  const ended = await endEarly(jobId, reason, isDue, deps);
  if (ended === null) return false;
  deps.logger.warn('job.ended_early', { jobId, stage: 'sweep', code: reason, status: ended.status, ...ended.ledger });
  await wrapUp(jobId, ended, deps, deps.logger);
  return true;
}

/** Whether the time of an unfinished job is over. A job that its user retried late has more time than its age says. */
function isRetentionOver(nowMs: number, { audioRetentionMs, retentionMs }: JobStepDeps): (job: Job) => boolean {
  return ({ status, createdAt, expiresAt }) =>
    status !== 'uploading' &&
    createdAt.toMillis() <= nowMs - audioRetentionMs &&
    expiresAt.toMillis() <= nowMs + retentionMs;
}
