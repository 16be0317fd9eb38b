/** Marks jobs as known to the app: it need not be told of their end again. */
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
 * Acknowledges those of the given jobs that are the user's and have ended; the first acknowledgement counts. Other ids are skipped: a
 * job may have expired, or be retried by another device, and the rest must still be acknowledged.
 * @returns the ids of the jobs that are acknowledged afterwards.
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
