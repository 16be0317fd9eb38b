/** Which of the watched jobs have ended. */
import type { Job } from '../data/model.ts';

type Known = Pick<Job, 'id' | 'createdAt' | 'finishedAt'>;

/**
 * The jobs that were seen in progress and have ended, once all their ends are known; null before that. The list of all jobs may be older
 * than the list of those in progress: a job may be missing from it, or not have ended in it.
 * @param watched when each job was created, by id. The list does not contain jobs that were created before its oldest job.
 */
export function endedJobs<Of extends Known>(watched: ReadonlyMap<string, number>, newest: readonly Of[]): Of[] | null {
  const seen = newest.filter(({ id }) => watched.has(id));
  if (seen.some(({ finishedAt }) => finishedAt === null)) return null;
  const lastAt = Math.max(...newest.map(({ createdAt }) => createdAt));
  const known = new Set(seen.map(({ id }) => id));
  const isBehind = [...watched].some(([id, createdAt]) => !known.has(id) && createdAt > lastAt);
  return isBehind ? null : seen;
}
