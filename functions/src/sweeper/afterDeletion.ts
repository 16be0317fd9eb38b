/** Deletes what belonged to a document that was deleted by the sweeper, a TTL policy, an operator or an app. */
import { FieldPath } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore } from 'firebase-admin/firestore';
import * as z from 'zod';
import { chunksOf } from '../jobs/chunk.ts';
import { filesOf } from '../jobs/files.ts';
import type { FileStore } from '../jobs/files.ts';
import type { DueJobs } from '../jobs/dueJobs.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { endEarly, RELEASED_KEY, wrapUp } from '../completion/finish.ts';
import type { EndDeps, WrapUpDeps } from '../completion/finish.ts';
import { deleteOrphans } from './orphans.ts';
import { pagesOf } from '../storage/objects.ts';
import type { UploadedObjects } from '../storage/objects.ts';
import { listStaged } from '../upload/arrivals.ts';

export interface JobDeletionDeps {
  readonly db: Firestore;
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly objects: UploadedObjects;
  readonly logger: Logger;
}

/** The only field that is needed: an operator may have changed the others by hand. */
const withOwner = z.object({ uid: z.string().min(1) });

/** Documents of one batch. */
const PAGE = 300;

/**
 * Deletes everything of a deleted job: its chunks, its pages of files, a team's own subcollections and all objects under
 * `uploads/{uid}/{jobId}/`. The event may come late and more than once. By then a request with the same Idempotency-Key may have
 * created a new job with the same id, whose documents and recordings stay.
 * @param data the document as it was.
 * @throws Error if an object could not be deleted, or Firestore or Storage does not answer: the platform then repeats the event.
 */
export async function clearDeletedJob(jobId: string, data: unknown, deps: JobDeletionDeps): Promise<void> {
  const chunks = await deleteDocuments(jobId, chunksOf(deps.db, jobId), deps);
  await deleteDocuments(jobId, filesOf(deps.db, jobId), deps);
  await deleteCustomDocuments(jobId, deps.jobs.ref(jobId), deps);
  const { data: job } = withOwner.safeParse(data);
  // Without an owner the path of its objects is unknown. The sweeper finds them.
  const objects = job === undefined ? 0 : await deleteObjects(`uploads/${job.uid}/${jobId}/`, deps);
  deps.logger.info('job.deleted', { jobId, stage: 'deletion', chunks, objects });
}

async function deleteObjects(prefix: string, deps: JobDeletionDeps): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(deps.objects, prefix)) {
    const { deleted, errors } = await deleteOrphans(page, deps);
    if (errors[0] !== undefined) throw errors[0];
    count += deleted;
  }
  return count;
}

/** Deletes a team's own documents below the job (docs/extend.md), at any depth. */
async function deleteCustomDocuments(jobId: string, parent: DocumentReference, deps: JobDeletionDeps): Promise<void> {
  for (const collection of await parent.listCollections()) {
    for (const ref of await collection.listDocuments()) await deleteCustomDocuments(jobId, ref, deps);
    await deleteDocuments(jobId, collection, deps);
  }
}

/**
 * Reads each page before it checks that no new job exists, and deletes documents only as they were read, so that a new job's documents
 * stay.
 */
async function deleteDocuments(
  jobId: string,
  collection: CollectionReference,
  { db, jobs }: JobDeletionDeps,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { docs, size } = await collection.select(FieldPath.documentId()).limit(PAGE).get();
    if (size === 0 || (await jobs.get(jobId)) !== null) return deleted;
    const batch = db.batch();
    for (const { ref, updateTime } of docs) batch.delete(ref, { lastUpdateTime: updateTime });
    await batch.commit();
    deleted += size;
    if (size < PAGE) return deleted;
  }
}

export interface DeviceDeletionDeps extends EndDeps, WrapUpDeps {
  readonly db: Firestore;
  readonly due: Pick<DueJobs, 'uploadsOf'>;
  readonly objects: Pick<UploadedObjects, 'list'>;
  readonly logger: Logger;
}

/** Longer than an upload request may run, milliseconds. A younger job may belong to a request that is still running. */
const REQUEST_MS = 5 * 60_000;

/** An upload with an arrival within this time counts as under way, milliseconds: a large recording takes a while. */
const MOVING_MS = 3600_000;

/**
 * Cancels the unfinished uploads of a device whose document was deleted. The document is an app's registration for pushes, and is
 * deleted when its user signs out or its token is dead. Then the app will most likely not finish its uploads. They are found if the app
 * uses the id of its device document as `device_id`; others simply expire. A token may die while its app continues, so an upload that
 * is under way is not cancelled. Accepted audio is never touched.
 */
export async function cancelUploadsOfDevice(uid: string, deviceId: string, deps: DeviceDeletionDeps): Promise<void> {
  // The event may come late or twice, after the app has registered again: then its uploads are in use.
  if ((await deps.db.doc(`users/${uid}/devices/${deviceId}`).get()).exists) return;
  const nowMs = deps.now();
  for (const [jobId, { upload }] of await deps.due.uploadsOf(uid, deviceId, nowMs - REQUEST_MS)) {
    const staged = upload === 'direct' ? [...(await listStaged(uid, jobId, deps)).values()] : [];
    if (staged.some(({ createdAtMs }) => createdAtMs > nowMs - MOVING_MS)) continue;
    // Not cancelled by a user, so an app that returns may use the same key again.
    const job = await endEarly(jobId, 'job_cancelled', ({ status }) => status === 'uploading', deps, RELEASED_KEY);
    if (job === null) continue;
    await wrapUp(jobId, job, deps, deps.logger);
    deps.logger.info('upload.cancelled', { jobId, stage: 'deletion' });
  }
}
