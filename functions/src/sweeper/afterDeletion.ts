/** What follows when a document is deleted by the sweeper, a TTL policy, the console or an app. */
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

/** The part of the document that is needed; an operator may have changed the rest by hand. */
const withOwner = z.object({ uid: z.string().min(1) });

/** Documents of one batch. */
const PAGE = 300;

/**
 * Removes what a deleted job left: its chunks, its pages of files, a team's own subcollections and everything under
 * `uploads/{uid}/{jobId}/`. May come late and more than once, and by then a request with the same Idempotency-Key may
 * have made a new job of the same id: that one's documents and recordings stay.
 * @param data the document as it was.
 * @throws Error when an object could not be deleted, or Firestore or Storage do not answer: the platform repeats it then.
 */
export async function clearDeletedJob(jobId: string, data: unknown, deps: JobDeletionDeps): Promise<void> {
  const chunks = await deleteDocuments(jobId, chunksOf(deps.db, jobId), deps);
  await deleteDocuments(jobId, filesOf(deps.db, jobId), deps);
  await deleteCustomDocuments(jobId, deps.jobs.ref(jobId), deps);
  const { data: job } = withOwner.safeParse(data);
  // Without an owner there is no telling where its objects are: the sweeper finds them.
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

/** What a team keeps below the job (docs/extend.md), at any depth. */
async function deleteCustomDocuments(jobId: string, parent: DocumentReference, deps: JobDeletionDeps): Promise<void> {
  for (const collection of await parent.listCollections()) {
    for (const ref of await collection.listDocuments()) await deleteCustomDocuments(jobId, ref, deps);
    await deleteDocuments(jobId, collection, deps);
  }
}

/** Each page is read before the job is looked for, and deleted only as it was read: a new job's documents stay. */
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

/** Longer than an upload request may run, milliseconds: a younger job may be one that is just arriving. */
const REQUEST_MS = 5 * 60_000;

/** An upload that brought something within this time is under way, milliseconds: a large recording takes a while. */
const MOVING_MS = 3600_000;

/**
 * A device document is an app's registration for pushes, and goes when its user signs out or its token is dead: most likely the
 * app will not finish what it began to upload. Its unfinished uploads are known where the app gives the id of its device
 * document as `device_id`; others expire as they would anyway. A token may die while its app goes on, so an upload that moves
 * goes on; and audio that was accepted is never touched, whatever device recorded it.
 */
export async function cancelUploadsOfDevice(uid: string, deviceId: string, deps: DeviceDeletionDeps): Promise<void> {
  // The event may come late, or again, after the app has registered anew: its uploads are live.
  if ((await deps.db.doc(`users/${uid}/devices/${deviceId}`).get()).exists) return;
  const nowMs = deps.now();
  for (const [jobId, { upload }] of await deps.due.uploadsOf(uid, deviceId, nowMs - REQUEST_MS)) {
    const staged = upload === 'direct' ? [...(await listStaged(uid, jobId, deps)).values()] : [];
    if (staged.some(({ createdAtMs }) => createdAtMs > nowMs - MOVING_MS)) continue;
    // No user has cancelled it: an app that comes back may use its key again.
    const job = await endEarly(jobId, 'job_cancelled', ({ status }) => status === 'uploading', deps, RELEASED_KEY);
    if (job === null) continue;
    await wrapUp(jobId, job, deps, deps.logger);
    deps.logger.info('upload.cancelled', { jobId, stage: 'deletion' });
  }
}
