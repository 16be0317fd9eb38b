/**
 * Recordings that an app uploads directly to Storage, each by itself and in any order. Arrivals are found by listing the job's objects
 * in Storage. An event only tells that it is time to list, so events may be lost, late, doubled or all at once. An arrival changes the
 * job only if it does not match the manifest. The last arrival starts the job.
 */
import pMap from 'p-map';
import { failedFile, failure, needsAudio } from '../completion/outcome.ts';
import type { FileStore } from '../jobs/files.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { pagesOf } from '../storage/objects.ts';
import type { ListedObject, UploadedObjects } from '../storage/objects.ts';
import { stagedPath } from '../storage/paths.ts';
import { startJob } from './begin.ts';

export interface ArrivalDeps {
  readonly jobs: Pick<JobStore, 'get' | 'update'>;
  readonly files: FileStore;
  readonly objects: Pick<UploadedObjects, 'list' | 'delete' | 'seal'>;
  readonly queue: TaskQueue;
  readonly logger: Logger;
}

/** An object that has arrived, as its event says. */
export type Arrival = Pick<ListedObject, 'path' | 'generation' | 'size' | 'md5' | 'isSealed'>;

/** By path. */
type Objects = ReadonlyMap<string, ListedObject>;

/** Deletes under way at once. */
const CONCURRENCY = 16;

/**
 * Handles new objects of one job.
 * @param arrivals the new objects. If one is deleted, its handler may have died before it wrote why.
 * @throws errors of Firestore and Storage: the event is then delivered again, and the sweeper handles the job too.
 */
export async function receiveArrivals(
  uid: string,
  jobId: string,
  arrivals: readonly Arrival[],
  deps: ArrivalDeps,
): Promise<void> {
  const job = await deps.jobs.get(jobId);
  const objects = await listStaged(uid, jobId, deps);
  // The object may have been replaced since the event: check the object as it is now.
  const present = arrivals.map((arrival) => objects.get(arrival.path) ?? arrival);
  if (job?.uid !== uid) {
    await remove(present, 'No job waits for it.', jobId, deps);
  } else if (isArriving(job) && objects.size >= job.fileCounts.expected) {
    await receiveStaged(jobId, job, objects, deps);
  } else {
    const names = present.map(({ path }) => path.slice(stagedPath(uid, jobId, '').length));
    const files = (await deps.files.read(jobId, job, { names })).all;
    await refuseWrong(jobId, job, files, present, deps);
    await sealRight(files, present, deps);
  }
}

/**
 * Lists all objects of a job that waits for recordings, and starts the job if none is missing.
 * @returns the objects.
 */
export async function receiveAll(uid: string, jobId: string, deps: ArrivalDeps): Promise<Objects> {
  const job = await deps.jobs.get(jobId);
  const objects = await listStaged(uid, jobId, deps);
  // Most waiting jobs have no object yet, and their recordings would be up to twenty documents to read.
  const mayStart = objects.size > 0 || job?.fileCounts.expected === 0;
  if (job !== null && isArriving(job) && mayStart) await receiveStaged(jobId, job, objects, deps);
  return objects;
}

/**
 * Starts a job whose upload has ended, with the recordings that have arrived. The others fail.
 * @returns the job; null if nothing has arrived, or the job does not wait any more.
 */
export async function startWithoutMissing(jobId: string, objects: Objects, deps: ArrivalDeps): Promise<Job | null> {
  return start(jobId, objects, 'upload_expired', deps);
}

/** A recording as callers see it before the job starts: until then, arrivals are not stored in the job. */
export function withArrival(file: JobFile, objects: Objects): JobFile {
  const object = objects.get(file.path);
  if (file.state !== 'expected' || object === undefined) return file;
  // A wrong object is deleted first, then the error is written: the app uploads it again when it reads the error.
  if (mismatch(file, object) !== null) return file;
  return { ...file, state: 'staged', md5: object.md5, error: null };
}

/** Whether the job starts when its recordings are in Storage. The request of a multipart upload starts its job itself. */
export function isArriving({ status, upload, fileCounts }: Pick<Job, 'status' | 'upload' | 'fileCounts'>): boolean {
  return status === 'uploading' && (upload === 'direct' || fileCounts.expected === 0);
}

/** The job's recordings. While they arrive, those that are in Storage are `staged`. */
export async function currentFiles(
  jobId: string,
  job: Job,
  { files, objects }: { readonly files: Pick<FileStore, 'read'>; readonly objects: Pick<UploadedObjects, 'list'> },
): Promise<JobFile[]> {
  const all = (await files.read(jobId, job)).all;
  if (!isArriving(job)) return all;
  const staged = await listStaged(job.uid, jobId, { objects });
  return all.map((file) => withArrival(file, staged));
}

/** All objects of a job in Storage. */
export async function listStaged(
  uid: string,
  jobId: string,
  { objects }: { readonly objects: Pick<UploadedObjects, 'list'> },
): Promise<Map<string, ListedObject>> {
  const found = new Map<string, ListedObject>();
  for await (const page of pagesOf(objects, stagedPath(uid, jobId, ''))) {
    for (const object of page) found.set(object.path, object);
  }
  return found;
}

async function receiveStaged(jobId: string, job: Job, objects: Objects, deps: ArrivalDeps): Promise<void> {
  const known = new Set<string>();
  let missing = 0;
  for await (const page of deps.files.pages(jobId, job)) {
    const present = page.flatMap(({ path }) => objects.get(path) ?? []);
    for (const { path } of present) known.add(path);
    const wrong = await refuseWrong(jobId, job, page, present, deps);
    await sealRight(page, present, deps);
    missing += page.filter((file) => file.state === 'expected' && !objects.has(file.path)).length + wrong;
  }
  const unknown = [...objects.values()].filter(({ path }) => !known.has(path));
  await remove(unknown, 'It is none of the recordings of its job.', jobId, deps);
  if (missing === 0) await start(jobId, objects, null, deps);
}

/** @param missingCode the error of recordings that have not arrived; null if the job starts only when all have arrived. */
async function start(
  jobId: string,
  objects: Objects,
  missingCode: 'upload_expired' | null,
  deps: ArrivalDeps,
): Promise<Job | null> {
  const result: { started: boolean } = { started: false };
  const job = await deps.jobs.update(jobId, async (current, tx) => {
    result.started = false;
    if (!isArriving(current)) return null;
    const files = await deps.files.read(jobId, current, { tx });
    files.map((file) => withArrival(file, objects));
    const isMissing = files.all.some(({ state }) => state === 'expected');
    const isStaged = files.all.some(({ state }) => state === 'staged');
    if (isMissing && (missingCode === null || !isStaged)) return null;
    files.map((file) => (file.state === 'expected' ? failedFile(file, missingCode ?? 'upload_expired') : file));
    const change = startJob(jobId, files);
    files.write(tx);
    result.started = true;
    return change;
  });
  if (!result.started || job === null) return null;
  deps.logger.info('upload.completed', { jobId, stage: 'arrival', files: job.progress.filesTotal });
  await enqueueJob(jobId, job, deps);
  return job;
}

/**
 * Deletes objects that do not match the manifest, or that the job does not need, then writes why. In this order, the app can upload the
 * recording again as soon as it reads the reason.
 * @returns how many recordings must be uploaded again.
 */
async function refuseWrong(
  jobId: string,
  job: Job,
  files: readonly JobFile[],
  objects: readonly Arrival[],
  deps: ArrivalDeps,
): Promise<number> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const unwanted: Arrival[] = [];
  const wrong: { object: Arrival; name: string; why: string }[] = [];
  for (const object of objects) {
    const file = byPath.get(object.path);
    const why = file === undefined ? null : mismatch(file, object);
    if (file === undefined || !needsAudio(job, file)) unwanted.push(object);
    else if (isArriving(job) && file.state === 'expected' && why !== null) wrong.push({ object, name: file.name, why });
  }
  await remove(unwanted, 'No job waits for it.', jobId, deps);
  if (wrong.length === 0) return 0;
  await remove(
    wrong.map(({ object }) => object),
    'It is not what was declared.',
    jobId,
    deps,
  );
  const reasons = new Map(wrong.map(({ name, why }) => [name, why]));
  await deps.jobs.update(jobId, async (current, tx) => {
    if (!isArriving(current)) return null;
    const open = await deps.files.read(jobId, current, { names: reasons.keys(), tx });
    open.map((file) => {
      const why = reasons.get(file.name);
      if (why === undefined || file.state !== 'expected') return file;
      return { ...file, error: failure(file.name, 'upload_mismatch', why) };
    });
    open.write(tx);
    const { code: reason, message } = failure(null, 'upload_mismatch');
    return { waitingFor: { reason, message, until: current.waitingFor?.until ?? null } };
  });
  return wrong.length;
}

/**
 * Removes the download tokens of objects that match the manifest, so that no link can read them. If the event of an object was lost,
 * the sweeper does it, or at the latest the start of the job.
 */
async function sealRight(
  files: readonly JobFile[],
  objects: readonly Arrival[],
  deps: Pick<ArrivalDeps, 'objects'>,
): Promise<void> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const right = objects.filter((object) => {
    const file = byPath.get(object.path);
    return !object.isSealed && file?.state === 'expected' && mismatch(file, object) === null;
  });
  await pMap(right, (object) => deps.objects.seal(object), { concurrency: CONCURRENCY });
}

/** A sentence about the difference; null if the object is as declared. */
function mismatch(declared: JobFile, { size, md5 }: Arrival): string | null {
  if (size !== declared.size) {
    return `${String(size)} bytes arrived where ${String(declared.size)} were declared; upload the recording again.`;
  }
  if (md5 === null) return 'It has no MD5; upload it in one piece.';
  if (declared.md5 !== null && md5 !== declared.md5) {
    return 'What arrived has another MD5 than was declared; upload the recording again.';
  }
  return null;
}

async function remove(objects: readonly Arrival[], reason: string, jobId: string, deps: ArrivalDeps): Promise<void> {
  await pMap(objects, (object) => deps.objects.delete(object), { concurrency: CONCURRENCY });
  if (objects.length > 0) {
    deps.logger.warn('upload.objects_removed', { jobId, stage: 'arrival', count: objects.length, reason });
  }
}
