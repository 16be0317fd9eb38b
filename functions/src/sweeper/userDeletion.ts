/**
 * Deletes everything of a user who was deleted (jobs with their chunks, audio, conversations, segments, devices, usage), or the content
 * of a user who keeps the account: then devices, preferences and usage stay too.
 *
 * Everything is deleted twice. An ID token outlives its user by up to an hour, and a worker or an upload may be running: the second
 * deletion covers what they wrote after the first. A document that says when the second one is due is written before anything is
 * deleted, so that the sweeper also finishes a deletion that crashed.
 *
 * An account may be created again with the same id, and the event of the deletion may come late. Data that was written since the new
 * account was created belongs to it, and stays.
 */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type {
  BulkWriter,
  CollectionReference,
  DocumentReference,
  Firestore,
  QueryDocumentSnapshot,
} from 'firebase-admin/firestore';
import { userPath } from 'offline-audio-sync-contract';
import pMap from 'p-map';
import type { DueJobs } from '../jobs/dueJobs.ts';
import { isServable } from '../http/auth.ts';
import type { Logger } from '../logger.ts';
import { sharesOf } from '../conversations/sharing.ts';
import { KEPT_PREFIX, keptAudioOf } from '../storage/keptAudio.ts';
import { pagesOf } from '../storage/objects.ts';
import type { UploadedObjects } from '../storage/objects.ts';
import { finishEach } from './finishing.ts';
import type { IsOver } from './finishing.ts';

export interface UserDeletionDeps {
  readonly db: Firestore;
  readonly due: Pick<DueJobs, 'someOf'>;
  readonly objects: Pick<UploadedObjects, 'list' | 'delete' | 'deleteAll'>;
  /** When the account that has this id now was created, Unix milliseconds; null if there is none. */
  readonly accountCreatedAtMs: (uid: string) => Promise<number | null>;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** `user_deletions/{uid}`. */
interface UserDeletion {
  /** When the second deletion is due. */
  readonly dueAt: Timestamp;
  /** For a user who keeps the account: only content that was last written before this is deleted. Absent if the account is deleted. */
  readonly contentBefore?: Timestamp;
}

/** Collections below the user that stay with the account. The user's own document stays as well. */
const OF_THE_ACCOUNT = new Set(['devices', 'usage']);

/** Longer than an ID token is valid (an hour) plus the longest request or task (a quarter of an hour), milliseconds. */
const SECOND_TIME_MS = 2 * 3600_000;

/** Jobs of one query, and second deletions of one sweep. */
const PAGE = 50;

/** Deletions of jobs and objects, and listings of subcollections, under way at the same time. */
const CONCURRENCY = 16;

/** A user's large collections. Their documents must not have subcollections (docs/extend.md). */
const FLAT_COLLECTIONS: ReadonlySet<string> = new Set(['segments', 'coverage', 'recordings', 'deleted_speech']);

/** @throws Error if Firestore or Storage does not answer: the platform repeats it then, and so does the sweeper. */
export async function deleteUserData(uid: string, deps: UserDeletionDeps): Promise<void> {
  // Custom tokens allow any id. A user whose id cannot be part of a path was never served, and such a path would be another user's.
  if (!isServable(uid)) return;
  const dueAt = Timestamp.fromMillis(deps.now() + SECOND_TIME_MS);
  await deletionsIn(deps.db).doc(uid).set({ dueAt });
  await deleteEverythingOf(uid, deps);
}

/**
 * Deletes the content of a user, but not the account. Data that they send from now on stays. If a deletion of the user is under way,
 * that one counts.
 * @throws Error as {@link deleteUserData}: the sweeper deletes the rest.
 */
export async function deleteContent(uid: string, deps: UserDeletionDeps): Promise<void> {
  const { db } = deps;
  const nowMs = deps.now();
  const contentBefore = Timestamp.fromMillis(nowMs);
  const ref = deletionsIn(db).doc(uid);
  await db.runTransaction(async (tx) => {
    const known = (await tx.get(ref)).data();
    if (known !== undefined && known.contentBefore === undefined) return;
    tx.set(ref, { dueAt: Timestamp.fromMillis(nowMs + SECOND_TIME_MS), contentBefore });
  });
  await deleteContentBefore(uid, contentBefore, deps);
}

/**
 * Deletes content, and first writes the time of that: an app with a copy finds no tombstones, so the time tells it to discard the copy.
 */
async function deleteContentBefore(uid: string, before: Timestamp, deps: UserDeletionDeps): Promise<void> {
  await deleteDataOf(uid, { before, keepsAccount: true }, deps);
  await deps.db.doc(userPath(uid)).set({ contentDeletedAt: FieldValue.serverTimestamp() }, { merge: true });
}

/** Deletes the audio that is kept for a user to play. */
export async function deleteKeptAudio(uid: string, { db, objects }: UserDeletionDeps): Promise<void> {
  await db.recursiveDelete(keptAudioOf(db, uid));
  await objects.deleteAll(`${KEPT_PREFIX}${uid}/`);
}

/** Does the second deletions that are due. */
export async function finishUserDeletions(deps: UserDeletionDeps, isOver: IsOver) {
  const { db, logger } = deps;
  const due = deletionsIn(db).where('dueAt', '<=', Timestamp.fromMillis(deps.now())).orderBy('dueAt');
  return finishEach((await due.limit(PAGE).get()).docs, {
    page: PAGE,
    isOver,
    finish: async (doc) => {
      const { contentBefore } = doc.data();
      if (contentBefore === undefined) await deleteEverythingOf(doc.id, deps);
      else await deleteContentBefore(doc.id, contentBefore, deps);
      await doc.ref.delete({ lastUpdateTime: doc.updateTime });
    },
    failure: { event: 'user.not_deleted', fields: ({ id: uid }) => ({ uid }) },
    logger,
  });
}

async function deleteEverythingOf(uid: string, deps: UserDeletionDeps): Promise<void> {
  const createdAtMs = await deps.accountCreatedAtMs(uid);
  const before = createdAtMs === null ? null : Timestamp.fromMillis(createdAtMs);
  await deleteDataOf(uid, { before, keepsAccount: false }, deps);
}

type DeletedPart =
  | { readonly before: null; readonly keepsAccount: false }
  /** Data that was written since `before` stays; with `keepsAccount` also devices, usage and the user's own document. */
  | { readonly before: Timestamp; readonly keepsAccount: boolean };

/** Deletes jobs first, because without its job a worker cannot write anything more. */
async function deleteDataOf(uid: string, { before, keepsAccount }: DeletedPart, deps: UserDeletionDeps): Promise<void> {
  const { db, objects, logger } = deps;
  const jobs = await deleteJobs(uid, before, deps);
  await deleteShares(db, uid, before);
  if (before === null) {
    await db.recursiveDelete(db.doc(`users/${uid}`));
    for (const prefix of prefixesOf(uid)) await objects.deleteAll(prefix);
  } else {
    await deleteOldDocuments(db, uid, before, { keepsAccount });
    for (const prefix of prefixesOf(uid)) await deleteOldObjects(prefix, before, objects);
  }
  logger.info('user.deleted', { uid, stage: 'deletion', jobs });
}

/** @param before deletes shares that were made before this; null for all. */
async function deleteShares(db: Firestore, uid: string, before: Timestamp | null): Promise<void> {
  const { docs } = await sharesOf(db, uid).get();
  const deletions = new DocumentDeletions(db.bulkWriter());
  for (const doc of docs) if (before === null || doc.updateTime < before) deletions.add(doc);
  await deletions.end();
}

/** gRPC: the document was deleted (NOT_FOUND) or written (FAILED_PRECONDITION) since it was read. */
function isChangedSince(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 5 || error.code === 9);
}

/** Deletes documents as they were read. Documents that were written meanwhile stay. */
class DocumentDeletions {
  readonly #writer: BulkWriter;
  readonly #failures: unknown[] = [];

  constructor(writer: BulkWriter) {
    this.#writer = writer;
  }

  add({ ref, updateTime }: QueryDocumentSnapshot): void {
    // Handles each failure: an unhandled one would end the process, and `close` reports none.
    this.#writer.delete(ref, { lastUpdateTime: updateTime }).catch((error: unknown) => {
      if (!isChangedSince(error) && this.#failures.length === 0) this.#failures.push(error);
    });
  }

  /** Waits for all deletions. @throws Error the first failure. */
  async end(): Promise<void> {
    await this.#writer.close();
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

/** The prefixes of a user's objects. */
function prefixesOf(uid: string): string[] {
  return [`uploads/${uid}/`, `${KEPT_PREFIX}${uid}/`];
}

/** @param before deletes jobs that were created before this; null for all. @returns how many were deleted. */
async function deleteJobs(uid: string, before: Timestamp | null, { db, due }: UserDeletionDeps): Promise<number> {
  let count = 0;
  for (let refs = await due.someOf(uid, before, PAGE); refs.length > 0; refs = await due.someOf(uid, before, PAGE)) {
    await pMap(refs, (ref) => db.recursiveDelete(ref), { concurrency: CONCURRENCY });
    count += refs.length;
  }
  return count;
}

/** Deletes documents of a user that were last written before a time, at any depth. */
async function deleteOldDocuments(
  db: Firestore,
  uid: string,
  before: Timestamp,
  { keepsAccount }: { readonly keepsAccount: boolean },
): Promise<void> {
  const user = db.doc(`users/${uid}`);
  const deletions = new DocumentDeletions(db.bulkWriter());
  const deleteOld = (doc: QueryDocumentSnapshot): void => {
    if (doc.updateTime < before) deletions.add(doc);
  };
  const deleteOldBelow = async (parent: DocumentReference): Promise<void> => {
    for (const collection of await parent.listCollections()) {
      if (keepsAccount && parent.id === uid && OF_THE_ACCOUNT.has(collection.id)) continue;
      // A document that does not exist may have documents below it, and only listDocuments finds it.
      const parents = FLAT_COLLECTIONS.has(collection.id) ? [] : await collection.listDocuments();
      for await (const doc of collection.select().stream() as AsyncIterable<QueryDocumentSnapshot>) deleteOld(doc);
      await pMap(parents, deleteOldBelow, { concurrency: CONCURRENCY });
    }
  };
  const own = await user.get();
  if (!keepsAccount && own.exists) deleteOld(own as QueryDocumentSnapshot);
  await deleteOldBelow(user);
  await deletions.end();
}

async function deleteOldObjects(
  prefix: string,
  before: Timestamp,
  objects: UserDeletionDeps['objects'],
): Promise<void> {
  for await (const page of pagesOf(objects, prefix)) {
    const old = page.filter(({ createdAtMs }) => createdAtMs < before.toMillis());
    await pMap(old, (object) => objects.delete(object), { concurrency: CONCURRENCY });
  }
}

function deletionsIn(db: Firestore): CollectionReference<UserDeletion> {
  return db.collection('user_deletions') as CollectionReference<UserDeletion>;
}
