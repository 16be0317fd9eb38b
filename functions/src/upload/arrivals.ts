/**
 * Recordings that an app uploads straight to Storage, each by itself and in any order. What has arrived is found by listing
 * what lies in Storage for the job: an event is a reason to look, so events may be lost, late, doubled or all at once, and
 * an arrival writes nothing unless it is wrong. The last one in starts the job.
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
 * Looks at what an app has uploaded for one job.
 * @param arrivals the objects that are new. One that is gone may have been removed by a handler that died before it said why.
 * @throws whatever Firestore and Storage throw: an event is delivered again then, and the sweeper looks as well.
 */
export async function receiveArrivals(
  uid: string,
  jobId: string,
  arrivals: readonly Arrival[],
  deps: ArrivalDeps,
): Promise<void> {
  const job = await deps.jobs.get(jobId);
  const objects = await listStaged(uid, jobId, deps);
  // A late event must not speak for an object that has replaced its own.
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
 * Looks at everything that lies in Storage for a job that waits for it, and starts the job if nothing is missing.
 * @returns what there is.
 */
export async function receiveAll(uid: string, jobId: string, deps: ArrivalDeps): Promise<Objects> {
  const job = await deps.jobs.get(jobId);
  const objects = await listStaged(uid, jobId, deps);
  // Most jobs that wait have nothing yet, and a thousand recordings are twenty documents.
  const mayStart = objects.size > 0 || job?.fileCounts.expected === 0;
  if (job !== null && isArriving(job) && mayStart) await receiveStaged(jobId, job, objects, deps);
  return objects;
}

/**
 * Starts a job whose upload has ended with what has arrived; what has not fails.
 * @returns the job; null when nothing has arrived, or the job does not wait any more.
 */
export async function startWithout(jobId: string, objects: Objects, deps: ArrivalDeps): Promise<Job | null> {
  return start(jobId, objects, 'upload_expired', deps);
}

/** A recording as a reader should see it before the job starts: what has arrived is not written anywhere else. */
export function withArrival(file: JobFile, objects: Objects): JobFile {
  const object = objects.get(file.path);
  if (file.state !== 'expected' || object === undefined) return file;
  // One that is wrong is removed first, and then explained: the app may upload it again when it reads why.
  if (mismatch(file, object) !== null) return file;
  return { ...file, state: 'staged', md5: object.md5, error: null };
}

/** Whether the job starts when what it waits for lies in Storage; the request of a multipart upload starts its job itself. */
export function isArriving({ status, upload, fileCounts }: Pick<Job, 'status' | 'upload' | 'fileCounts'>): boolean {
  return status === 'uploading' && (upload === 'direct' || fileCounts.expected === 0);
}

/** The job's recordings; while they arrive, those that lie in Storage are `staged`. */
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

/** Everything that lies in Storage for a job. */
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

/** @param missingCode of recordings that have not arrived; null where the job starts only when all have. */
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
 * Removes objects that are not what the job declared, or that it does not need, and writes why. The object goes first: the app
 * can upload the recording again as soon as it reads the reason.
 * @returns how many recordings have to be uploaded again.
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
 * Removes the download tokens of the objects that match the manifest, so that no link reads them. An object whose event was lost loses
 * its own when the sweeper looks, or at the latest when the job starts.
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

/** A sentence; null where it is what was declared. */
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
