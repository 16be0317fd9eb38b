/**
 * Limits how many jobs of one user are processed at once. The others are deferred, and run in the order of their creation. So one
 * user's backlog does not occupy every worker, and a user's jobs run in an order, which Cloud Tasks does not promise.
 *
 * There is no lock and no counter: a query of the user's earlier jobs tells whether it is a job's turn. A job that waits has no task,
 * because thousands of tasks would delay those of other users. Each delivery for the user enqueues the jobs whose turn has come; if
 * that fails, the sweeper finds the job when its wait is over.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Query } from 'firebase-admin/firestore';
import { JOBS } from './job.ts';
import type { Job } from './job.ts';
import { enqueueJob } from './queue.ts';
import type { TaskQueue } from './queue.ts';
import type { JobChange, JobStore } from './store.ts';
import { backInQueue } from './store.ts';
import type { Logger } from '../logger.ts';

export interface TurnDeps {
  readonly db: Firestore;
  readonly jobs: Pick<JobStore, 'get' | 'update'>;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  /** Jobs of one user that are processed at once; 0 for any number. */
  readonly maxRunningJobs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Roughly how long a job takes, milliseconds. */
const JOB_MS = 30_000;

export class Turns {
  readonly #deps: TurnDeps;

  constructor(deps: TurnDeps) {
    this.#deps = deps;
  }

  /**
   * The change that makes a job wait for its turn; null if its turn has come. Reads outside of the transaction, so that no job waits
   * for a lock: if another job ends at the same moment, this one waits needlessly, or one job more runs.
   */
  async wait(job: Job): Promise<JobChange | null> {
    const { maxRunningJobs, now } = this.#deps;
    if (maxRunningJobs === 0) return null;
    const ahead = await this.#countAhead(job);
    if (ahead < maxRunningJobs) return null;
    const rounds = Math.ceil((ahead + 1 - maxRunningJobs) / maxRunningJobs);
    return {
      status: 'deferred',
      epoch: job.epoch + 1,
      waitingFor: {
        reason: 'earlier_jobs',
        message: 'Waiting for earlier recordings of yours.',
        until: Timestamp.fromMillis(now() + rounds * JOB_MS),
      },
    };
  }

  /** Enqueues those of a user's waiting jobs whose turn has come. To be called when one of the user's jobs may have stopped running. */
  async pass(uid: string): Promise<void> {
    const { db, maxRunningJobs } = this.#deps;
    if (maxRunningJobs === 0) return;
    const waiting = jobsOf(db, uid).where('waitingFor.reason', '==', 'earlier_jobs').orderBy('createdAt');
    for (const doc of (await waiting.limit(maxRunningJobs).get()).docs) {
      if ((await this.wait(doc.data())) !== null) return;
      await this.#wake(doc.id);
    }
  }

  /** The queue for new jobs: a job whose turn has not come is deferred instead. */
  forNewJobs(): TaskQueue {
    const { jobs, queue } = this.#deps;
    return {
      enqueue: async (payload, options) => {
        const job = await jobs.get(payload.jobId);
        const wait = job === null ? null : await this.wait(job);
        if (wait === null) return queue.enqueue(payload, options);
        await jobs.update(payload.jobId, ({ status, epoch }) =>
          status === 'pending' && epoch === payload.epoch ? wait : null,
        );
        // The jobs before it may have ended meanwhile, and found no job to wake.
        await this.pass(payload.uid);
      },
    };
  }

  async #wake(jobId: string): Promise<void> {
    const { jobs } = this.#deps;
    const woken: { isWoken: boolean } = { isWoken: false };
    const job = await jobs.update(jobId, (current) => {
      woken.isWoken = current.waitingFor?.reason === 'earlier_jobs';
      return woken.isWoken ? backInQueue(current) : null;
    });
    if (job !== null && woken.isWoken) await enqueueJob(jobId, job, this.#deps);
  }

  /** Counts earlier jobs of the user that are processed, or could be. */
  async #countAhead({ uid, createdAt }: Job): Promise<number> {
    const ofUser = jobsOf(this.#deps.db, uid);
    const counts = await Promise.all(
      [
        ofUser.where('status', '==', 'processing').where('createdAt', '<', createdAt).orderBy('createdAt', 'desc'),
        ofUser.where('waitingFor.reason', 'in', ['queue', 'earlier_jobs']).where('createdAt', '<', createdAt),
      ].map((query) => query.count().get()),
    );
    return counts.reduce((sum, count) => sum + count.data().count, 0);
  }
}

function jobsOf(db: Firestore, uid: string): Query<Job> {
  return db.collection(JOBS).where('uid', '==', uid) as Query<Job>;
}
