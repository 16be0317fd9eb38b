/** Objects that nothing will read again, however their job went away. */
import pMap from 'p-map';
import type { Job } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import { needsAudio } from '../processing/outcome.ts';
import { parseStagedPath } from '../upload/paths.ts';
import type { ListedObject, UploadedObjects } from '../upload/objects.ts';

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
/** Documents of one look-up. */
const LOOK_UP = 300;

/**
 * Deletes those of the listed objects that no job needs. In this order it is safe against everything that goes on meanwhile:
 * a job is created before its objects, so an object that was listed before its job was found missing belongs to no job; one
 * that is staged anew at the same path has another generation, which the deletion spares.
 */
export async function deleteOrphans(
  listed: readonly ListedObject[],
  { jobs, objects }: OrphanDeps,
): Promise<Deletions> {
  const ids = [...new Set(listed.flatMap(({ path }) => jobIdOf(path) ?? []))];
  const owners = new Map<string, Job>();
  for (let i = 0; i < ids.length; i += LOOK_UP) {
    for (const [id, job] of await jobs.getAll(ids.slice(i, i + LOOK_UP))) owners.set(id, job);
  }
  const orphans = listed.filter(({ path }) => !isNeeded(path, owners));
  const errors: Error[] = [];
  const remove = (orphan: ListedObject): Promise<void> =>
    objects.delete(orphan).catch((error: unknown) => {
      errors.push(error instanceof Error ? error : new Error(String(error)));
    });
  await pMap(orphans, remove, { concurrency: CONCURRENCY });
  return { deleted: orphans.length - errors.length, errors };
}

function isNeeded(path: string, owners: ReadonlyMap<string, Job>): boolean {
  const job = owners.get(jobIdOf(path) ?? '');
  // The whole path is compared, which has the job's user in it.
  const file = job?.files.find((each) => each.path === path);
  return job !== undefined && file !== undefined && needsAudio(job, file);
}

/** Null for a path that no job has: an app may write to any, and must not stop the sweep. */
function jobIdOf(path: string): string | null {
  return parseStagedPath(path)?.jobId ?? null;
}
