/** Objects that nothing will read again, however their job went away. */
import pMap from 'p-map';
import type { JobStore } from '../jobs/store.ts';
import { needsAudio } from '../completion/outcome.ts';
import { parseStagedPath } from '../storage/paths.ts';
import type { ListedObject, UploadedObjects } from '../storage/objects.ts';

export interface OrphanDeps {
  readonly jobs: Pick<JobStore, 'getAll'>;
  readonly objects: UploadedObjects;
}

export interface Deletions {
  readonly deleted: number;
  /** One for each object that could not be deleted; the next look takes it up again. */
  readonly errors: readonly Error[];
}

/** Deletes and look-ups under way at once. */
const CONCURRENCY = 32;
/** Jobs of one look-up, held in memory at once: with a thousand files each takes megabytes. */
const LOOK_UP = 32;

/**
 * Deletes those of the listed objects that no job needs. In this order it is safe against everything that goes on meanwhile:
 * a job is created before its objects, so an object that was listed before its job was found missing belongs to no job; one
 * that is staged anew at the same path has another generation, which the deletion spares.
 */
export async function deleteOrphans(
  listed: readonly ListedObject[],
  { jobs, objects }: OrphanDeps,
): Promise<Deletions> {
  const needed = await neededOf(listed, jobs);
  const orphans = listed.filter(({ path }) => !needed.has(path));
  const errors: Error[] = [];
  const remove = (orphan: ListedObject): Promise<void> =>
    objects.delete(orphan).catch((error: unknown) => {
      errors.push(error instanceof Error ? error : new Error(String(error)));
    });
  await pMap(orphans, remove, { concurrency: CONCURRENCY });
  return { deleted: orphans.length - errors.length, errors };
}

/** The paths of those that a job needs. Whole paths are compared, which have the job's id and its user in them. */
async function neededOf(listed: readonly ListedObject[], jobs: OrphanDeps['jobs']): Promise<Set<string>> {
  const paths = new Set(listed.map(({ path }) => path));
  const ids = [...new Set([...paths].flatMap((path) => jobIdOf(path) ?? []))];
  const needed = new Set<string>();
  for (let i = 0; i < ids.length; i += LOOK_UP) {
    for (const job of (await jobs.getAll(ids.slice(i, i + LOOK_UP))).values()) {
      for (const file of job.files) if (paths.has(file.path) && needsAudio(job, file)) needed.add(file.path);
    }
  }
  return needed;
}

/** Null for a path that no job has: an app may write to any, and must not stop the sweep. */
function jobIdOf(path: string): string | null {
  return parseStagedPath(path)?.jobId ?? null;
}
