/** What came of the jobs that somebody waits for. */
import type { Job } from '../data/model.ts';

type Known = Pick<Job, 'id' | 'createdAt' | 'finishedAt'>;

/**
 * Those of the jobs that were seen under way and are under way no more, once their ends are known; null before that. The list of all jobs
 * may come later than the one of those under way: then one is not in it yet, or has no end there.
 * @param watched when they were created, by their ids. Those older than `newest` reaches are not in it.
 */
export function endedJobs<Of extends Known>(watched: ReadonlyMap<string, number>, newest: readonly Of[]): Of[] | null {
  const seen = newest.filter(({ id }) => watched.has(id));
  if (seen.some(({ finishedAt }) => finishedAt === null)) return null;
  const lastAt = Math.max(...newest.map(({ createdAt }) => createdAt));
  const known = new Set(seen.map(({ id }) => id));
  const isBehind = [...watched].some(([id, createdAt]) => !known.has(id) && createdAt > lastAt);
  return isBehind ? null : seen;
}
