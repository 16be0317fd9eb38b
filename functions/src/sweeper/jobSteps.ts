/** What the sweeper does to jobs: one step for each way in which a job can need somebody. */
import type { Firestore } from 'firebase-admin/firestore';
import type { DueJob, DueJobs, DueQuery } from '../jobs/dueJobs.ts';
import type { Job } from '../jobs/job.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobChange } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { endEarly, wrapUp } from '../completion/finish.ts';
import type { EarlyEnd, EndDeps, WrapUpDeps } from '../completion/finish.ts';
import { takeStaged } from '../upload/arrivals.ts';
import { startOf } from '../upload/begin.ts';
import type { UploadedObjects } from '../storage/objects.ts';

export interface JobStepDeps extends EndDeps, WrapUpDeps {
  readonly objects: UploadedObjects;
  readonly db: Firestore;
  readonly due: DueJobs;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  /** How long all recordings of a job may take to arrive, milliseconds. */
  readonly uploadExpiryMs: number;
  /** How long the audio of an unfinished job is kept, milliseconds. */
  readonly audioRetentionMs: number;
}

export interface JobStep {
  readonly name: string;
  readonly due: DueQuery;
  /**
   * Does to one job what it needs, if it still does: asked again in a transaction wherever something is written. Doing it
   * twice, or two sweepers doing it at once, is the same as once. Returns whether there was something to do.
   */
  readonly act: (jobId: string, job: DueJob) => Promise<boolean>;
}

/** How long a lease may be dead, and a deferred job due, before the sweeper helps: the platform's own retry comes first. */
const GRACE_MS = 60_000;
/** How long something that takes a moment (an enqueue, a wrap-up) may be on its way. */
const MOMENT_MS = 2 * 60_000;
/**
 * After this long a job gets a second task beside the one that it may or may not have: the id of a task that ran or was
 * purged stays blocked for about an hour. The job's place in the queue is kept (its epoch stays, so its first task still
 * counts): raising the epoch instead would send whoever waits in a long backlog to the end of it, again and again.
 */
const REDRIVE_MS = 70 * 60_000;

/** In the order of urgency. */
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
      due: due.overdue(nowMs - GRACE_MS),
      act: (jobId, job) => enqueueAgain(jobId, job, nowMs - (job.waitingFor?.until?.toMillis() ?? nowMs), deps),
    },
    {
      name: 'uploads',
      due: due.still('uploading', nowMs - MOMENT_MS),
      act: (jobId, job) => takeUpload(jobId, job, deps),
    },
    {
      name: 'wrap_ups',
      due: due.notWrappedUp(nowMs - MOMENT_MS),
      act: (jobId) => wrapUpEnded(jobId, deps),
    },
    {
      name: 'uploads_expired',
      due: due.begun(['uploading'], nowMs - deps.uploadExpiryMs),
      act: (jobId) => end(jobId, 'upload_expired', ({ status }) => status === 'uploading', deps),
    },
    {
      name: 'retention_ended',
      due: due.begun(['pending', 'processing', 'deferred'], nowMs - deps.audioRetentionMs),
      act: (jobId) => end(jobId, 'retention_ended', isRetentionOver(nowMs, deps), deps),
    },
    { name: 'jobs_expired', due: due.expired(nowMs), act: (jobId) => deps.jobs.deleteExpired(jobId) },
  ];
}

/** A worker died, and its task with it. The new epoch turns away whatever is left of both. */
async function reviveDead(jobId: string, deadSinceMs: number, { jobs, queue }: JobStepDeps): Promise<boolean> {
  const result: { revived: boolean } = { revived: false };
  const job = await jobs.update(jobId, (current) => {
    result.revived = isDead(current, deadSinceMs);
    if (!result.revived) return null;
    return { status: 'pending', lease: null, epoch: current.epoch + 1, waitingFor: WAITING_IN_QUEUE };
  });
  if (!result.revived || job === null) return false;
  await queue.enqueue({ jobId, uid: job.uid, epoch: job.epoch });
  return true;
}

function isDead({ status, lease }: DueJob, sinceMs: number): boolean {
  return status === 'processing' && (lease?.expiresAt.toMillis() ?? 0) <= sinceMs;
}

/** Its enqueue may have been lost. A task that is in the queue already has the same id, so this adds none. */
async function enqueueAgain(jobId: string, job: DueJob, waitedMs: number, { queue }: JobStepDeps): Promise<boolean> {
  await queue.enqueue({ jobId, uid: job.uid, epoch: job.epoch }, { redrive: Math.floor(waitedMs / REDRIVE_MS) });
  return true;
}

/**
 * Events of what an app uploaded straight to Storage may have been lost: what they would have done is done. An upload that
 * waits for nothing, because all of it is known already, gets no event: it starts here if the request died that began it.
 */
async function takeUpload(jobId: string, { uid, upload }: DueJob, deps: JobStepDeps): Promise<boolean> {
  if (upload === 'direct') await takeStaged(uid, jobId, deps);
  return (await startComplete(jobId, deps)) || upload === 'direct';
}

async function startComplete(jobId: string, { jobs, queue }: JobStepDeps): Promise<boolean> {
  const result: { start: JobChange | null } = { start: null };
  const job = await jobs.tryUpdate(jobId, (current) => {
    result.start = current.status === 'uploading' ? startOf(jobId, current.files) : null;
    return result.start;
  });
  // Whoever else wrote to it, or an answer that did not come: the next run sees what it is then.
  if (result.start === null || job === null || job === 'conflict' || job === 'unknown') return false;
  await queue.enqueue({ jobId, uid: job.uid, epoch: job.epoch });
  return true;
}

/** What a worker that died at the very end left undone. */
async function wrapUpEnded(jobId: string, deps: JobStepDeps): Promise<boolean> {
  const job = await deps.jobs.get(jobId);
  if (job === null || !isFinished(job.status) || job.notifiedAt !== null) return false;
  await wrapUp(jobId, job, deps, deps.logger);
  return true;
}

async function end(jobId: string, reason: EarlyEnd, isDue: (job: Job) => boolean, deps: JobStepDeps): Promise<boolean> {
  const ended = await endEarly(jobId, reason, isDue, deps);
  if (ended === null) return false;
  deps.logger.warn('Job ended early', { jobId, stage: 'sweep', code: reason, status: ended.status, ...ended.ledger });
  await wrapUp(jobId, ended, deps, deps.logger);
  return true;
}

/** A job that its user retried late has more time than its age says: until it could not be read for long enough any more. */
function isRetentionOver(nowMs: number, { audioRetentionMs, retentionMs }: JobStepDeps): (job: Job) => boolean {
  return ({ status, createdAt, expiresAt }) =>
    status !== 'uploading' &&
    createdAt.toMillis() <= nowMs - audioRetentionMs &&
    expiresAt.toMillis() <= nowMs + retentionMs;
}
