/** Retries the failed recordings of a job, and no others. */
import { Timestamp } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import type { FileStore } from '../jobs/files.ts';
import { asDuplicate } from '../jobs/recordingEntry.ts';
import type { Claim } from '../jobs/recordingEntry.ts';
import type { RecordingRegistry } from '../jobs/registry.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { backInQueue, NO_ATTEMPTS, queuedProgress } from '../jobs/store.ts';
import type { JobStore } from '../jobs/store.ts';
import { totalsOf } from '../jobs/totals.ts';
import type { Logger } from '../logger.ts';
import { needsAudio } from './outcome.ts';

export interface RetryDeps {
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly registry: RecordingRegistry;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long an unfinished job is kept, milliseconds. */
  readonly unfinishedRetentionMs: number;
}

/**
 * Makes a `failed` or `partial` job `pending` again. Done recordings stay as they are. Failed recordings are read again, and their
 * covered audio is not sent again.
 *
 * The same transaction claims the recordings again, because another job may have claimed them since. A recording that the other job has
 * done becomes a duplicate here; one that it has not done yet stays failed here.
 * @throws AppError `job_not_found`; `job_not_finished`; `job_not_retryable`; `duplicate_in_progress`.
 */
export async function retryJob(uid: string, jobId: string, deps: RetryDeps): Promise<Job> {
  const { jobs, files: store, registry, logger, now, unfinishedRetentionMs } = deps;
  const job = await jobs.update(jobId, async (current, tx) => {
    if (current.uid !== uid) throw new AppError('job_not_found');
    const files = await store.read(jobId, current, { tx });
    const { claims, write } = await registry.prepareClaims(tx, jobId, uid, retryableFiles(current, files.all));
    if ([...claims.values()].every(({ kind }) => kind === 'wait')) throw new AppError('duplicate_in_progress');
    files.map((file) => retriedFile(file, claims.get(file.name)));
    write(new Map([...claims].filter(([, claim]) => !needsShift(claim))));
    const totals = totalsOf(files.all);
    const expiresAt = Timestamp.fromMillis(Math.max(current.expiresAt.toMillis(), now() + unfinishedRetentionMs));
    files.write(tx, expiresAt);
    const { staged } = totals.fileCounts;
    const { filesTotal, chunksDone, chunksPlanned } = current.progress;
    return {
      ...totals,
      ...backInQueue(current),
      ...NO_ATTEMPTS,
      progress: { ...queuedProgress(filesTotal), filesDone: filesTotal - staged, chunksDone, chunksPlanned },
      deferrals: 0,
      notifiedAt: null,
      acknowledgedAt: null,
      finishedAt: null,
      expiresAt,
    };
  });
  if (job === null) throw new AppError('job_not_found');
  logger.info('job.retried', { jobId, stage: 'retry', epoch: job.epoch, files: job.fileCounts.staged });
  await enqueueJob(jobId, job, deps);
  return job;
}

/** The recordings that can be retried. Pure. @throws AppError if there are none. */
export function retryableFiles(job: Job, files: readonly JobFile[]): JobFile[] {
  if (!isFinished(job.status)) throw new AppError('job_not_finished');
  if (job.status === 'completed') {
    throw new AppError('job_not_retryable', { message: 'Nothing of this job failed: there is nothing to try again.' });
  }
  const retryable = files.filter((file) => needsAudio(job, file) && file.error?.code !== 'recording_missing');
  if (retryable.length === 0) {
    throw new AppError('job_not_retryable', {
      message: 'The audio of what failed is not kept any more: upload it again.',
    });
  }
  return retryable;
}

/** Whether the recording was sent at a new time: the worker moves it when it claims it. */
function needsShift(claim: Claim): boolean {
  return claim.kind !== 'wait' && claim.shift !== null;
}

function retriedFile(file: JobFile, claim: Claim | undefined): JobFile {
  if (claim === undefined || claim.kind === 'wait') return file;
  if (claim.kind === 'duplicate' && !needsShift(claim)) return asDuplicate(file, claim);
  return { ...file, state: 'staged', duplicateSeconds: 0, failedSeconds: 0, refused: [], error: null };
}
