/** Deletes objects that no job needs. */
import pMap from 'p-map';
import type { FileStore } from '../jobs/files.ts';
import type { JobStore } from '../jobs/store.ts';
import { needsAudio } from '../completion/outcome.ts';
import { parseStagedPath } from '../storage/paths.ts';
import type { StagedPath } from '../storage/paths.ts';
import type { ListedObject, UploadedObjects } from '../storage/objects.ts';

export interface OrphanDeps {
  readonly jobs: Pick<JobStore, 'getAll'>;
  readonly files: Pick<FileStore, 'read'>;
  readonly objects: UploadedObjects;
}

export interface Deletions {
  readonly deleted: number;
  /** One error for each object that could not be deleted. The next pass over all objects tries again. */
  readonly errors: readonly Error[];
}

/** Deletions and reads under way at the same time. */
const CONCURRENCY = 32;
/** Jobs that are read at once. */
const LOOK_UP = 100;

/**
 * Deletes listed recordings that no job needs. This is safe while uploads run: a job is created before its objects, so an object that
 * was listed before its job was found missing has no job. An object that is staged again at the same path has another generation, which
 * the deletion spares.
 */
export async function deleteOrphans(
  listed: readonly ListedObject[],
  { jobs, files, objects }: OrphanDeps,
): Promise<Deletions> {
  const recordings = listed.flatMap((object) => {
    const staged = parseStagedPath(object.path);
    return staged === null ? [] : { object, ...staged };
  });
  const needed = await neededOf(recordings, { jobs, files });
  return deleteObjects(
    recordings.flatMap(({ object }) => (needed.has(object.path) ? [] : object)),
    objects,
  );
}

/** Deletes objects as they were listed. */
export async function deleteObjects(
  orphans: readonly ListedObject[],
  objects: Pick<UploadedObjects, 'delete'>,
): Promise<Deletions> {
  const errors: Error[] = [];
  const remove = (orphan: ListedObject): Promise<void> =>
    objects.delete(orphan).catch((error: unknown) => {
      errors.push(error instanceof Error ? error : new Error(String(error)));
    });
  await pMap(orphans, remove, { concurrency: CONCURRENCY });
  return { deleted: orphans.length - errors.length, errors };
}

/** The paths of objects that a job needs. Whole paths are compared, which have the job's id and user. */
async function neededOf(
  recordings: readonly StagedPath[],
  { jobs, files }: Pick<OrphanDeps, 'jobs' | 'files'>,
): Promise<Set<string>> {
  const namesByJob = new Map<string, string[]>();
  for (const { jobId, name } of recordings) namesByJob.set(jobId, [...(namesByJob.get(jobId) ?? []), name]);
  const ids = [...namesByJob.keys()];
  const needed = new Set<string>();
  for (let i = 0; i < ids.length; i += LOOK_UP) {
    const found = await jobs.getAll(ids.slice(i, i + LOOK_UP));
    await pMap(
      found,
      async ([jobId, job]) => {
        const names = namesByJob.get(jobId) ?? [];
        for (const file of (await files.read(jobId, job, { names })).all) {
          if (needsAudio(job, file)) needed.add(file.path);
        }
      },
      { concurrency: CONCURRENCY },
    );
  }
  return needed;
}
