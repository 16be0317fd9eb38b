/** Retries many failed jobs, for an operator whose mistake or outage made them fail. */
import type { Firestore } from 'firebase-admin/firestore';
import type { ErrorCode } from 'offline-audio-sync-contract';
import { retryJob } from '../src/completion/retry.ts';
import type { RetryDeps } from '../src/completion/retry.ts';
import { AppError } from '../src/errors.ts';
import { unfinishedRetentionMs } from '../src/config.ts';
import { DueJobs } from '../src/jobs/dueJobs.ts';
import { FileStore } from '../src/jobs/files.ts';
import { RecordingRegistry } from '../src/jobs/registry.ts';
import { JobStore } from '../src/jobs/store.ts';

/** The result for one job. */
export interface RetriedJob {
  readonly jobId: string;
  readonly uid: string;
  /** `retried`; `found` in a dry run, which writes nothing; or the code of the error because of which it was left as it is. */
  readonly outcome: 'retried' | 'found' | ErrorCode;
  /** Number of recordings that failed with the code. */
  readonly files: number;
}

export interface FailedJobsDeps extends RetryDeps {
  readonly due: Pick<DueJobs, 'ended'>;
}

/** The stores of a database, and a queue that does nothing: the sweeper enqueues waiting jobs within minutes. */
export function failedJobsDeps(db: Firestore): FailedJobsDeps {
  const jobs = new JobStore(db);
  return {
    jobs,
    files: new FileStore(db),
    registry: new RecordingRegistry(db, jobs),
    due: new DueJobs(db),
    queue: { enqueue: () => Promise.resolve() },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    now: Date.now,
    unfinishedRetentionMs: unfinishedRetentionMs(),
  };
}

export interface FailedJobsQuery {
  readonly code: ErrorCode;
  /** Jobs that ended then or later, Unix milliseconds. */
  readonly sinceMs: number;
  readonly dryRun: boolean;
}

/** Jobs of one page. */
const PAGE = 200;

/** Retries, one after the other, every job with a recording that failed with this code. Safe to repeat: a retried job has not ended. */
export async function* retryFailedJobs(query: FailedJobsQuery, deps: FailedJobsDeps): AsyncGenerator<RetriedJob> {
  const { code, sinceMs, dryRun } = query;
  const ended = deps.due.ended(sinceMs).query.limit(PAGE);
  for (let page = await ended.get(); ;) {
    for (const { id: jobId } of page.docs) {
      const job = await deps.jobs.get(jobId);
      if (job === null || job.fileCounts.failed === 0) continue;
      const files = (await deps.files.read(jobId, job)).all.filter(({ error }) => error?.code === code).length;
      if (files === 0) continue;
      const outcome = dryRun ? 'found' : await retry(job.uid, jobId, deps);
      yield { jobId, uid: job.uid, outcome, files };
    }
    const last = page.docs.at(-1);
    if (last === undefined || page.size < PAGE) return;
    page = await ended.startAfter(last).get();
  }
}

async function retry(uid: string, jobId: string, deps: FailedJobsDeps): Promise<RetriedJob['outcome']> {
  try {
    await retryJob(uid, jobId, deps);
    return 'retried';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
