/** An app acknowledges jobs: it knows how they ended. */
import { Timestamp } from 'firebase-admin/firestore';
import pMap from 'p-map';
import { isJobId } from './job.ts';
import { isFinished } from './stateMachine.ts';
import type { JobStore } from './store.ts';

export interface AcknowledgeDeps {
  readonly jobs: Pick<JobStore, 'update'>;
  readonly now: () => number;
}

/** Transactions under way at once. */
const CONCURRENCY = 16;

/**
 * Acknowledges the user's jobs among those given that have ended; the first time counts. Others are passed over: a job may
 * have expired or be retried by another device meanwhile, and none of that should keep an app from acknowledging the rest.
 * @returns the ids that are acknowledged now.
 */
export async function acknowledgeJobs(
  uid: string,
  jobIds: readonly string[],
  { jobs, now }: AcknowledgeDeps,
): Promise<string[]> {
  const ids = [...new Set(jobIds)].filter(isJobId);
  const acknowledged = await pMap(
    ids,
    async (jobId) => {
      const job = await jobs.update(jobId, (current) =>
        current.uid === uid && isFinished(current.status) && current.acknowledgedAt === null
          ? { acknowledgedAt: Timestamp.fromMillis(now()) }
          : null,
      );
      return job?.uid === uid && job.acknowledgedAt !== null ? [jobId] : [];
    },
    { concurrency: CONCURRENCY },
  );
  return acknowledged.flat();
}
