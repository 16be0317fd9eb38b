/** Everything that is stored of one user, in the form that the invariants use. */
import { FieldPath } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query, Transaction } from 'firebase-admin/firestore';
import type { Storage } from 'firebase-admin/storage';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import type { Conversation, Segment, SegmentPage } from '../../src/conversations/conversation.ts';
import type { Edit, StoredEdit } from '../../src/conversations/edits.ts';
import type { ChunkDoc } from '../../src/jobs/chunk.ts';
import { chunksOf } from '../../src/jobs/chunk.ts';
import type { FilePage } from '../../src/jobs/files.ts';
import { filesOf } from '../../src/jobs/files.ts';
import type { RecordingEntry } from '../../src/jobs/recordingEntry.ts';
import { JOBS } from '../../src/jobs/job.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { UsageCounters } from 'offline-audio-sync-contract';
import type { JobWithFiles } from '../support/jobFiles.ts';

type Bucket = ReturnType<Storage['bucket']>;

export interface StoredChunk {
  readonly id: string;
  readonly jobId: string;
  readonly chunk: ChunkDoc;
  /** When it was last written, by Firestore's clock; Unix milliseconds. */
  readonly writtenAtMs: number;
}

export interface StoredObject {
  readonly path: string;
  /** Base64. */
  readonly md5: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
}

export interface UserData {
  readonly uid: string;
  readonly jobs: ReadonlyMap<string, JobWithFiles>;
  readonly chunks: readonly StoredChunk[];
  /** The registry. */
  readonly recordings: ReadonlyMap<string, RecordingEntry>;
  /** By their content, see {@link byContent}. */
  readonly segments: ReadonlyMap<string, Segment>;
  readonly conversations: ReadonlyMap<string, Conversation>;
  /** All edits of the user, including undone ones. */
  readonly edits: readonly StoredEdit[];
  /** By day. */
  readonly usage: ReadonlyMap<string, Partial<UsageCounters>>;
  /** Everything under `uploads/{uid}/`. */
  readonly objects: readonly StoredObject[];
}

/** Documents that are read at a time. */
const PAGE_SIZE = 300;

/**
 * Reads what is stored of a user: Firestore at one moment (a read-only transaction, page by page), then Storage. The memory that it
 * needs grows with the user's history.
 */
export async function loadUserData(db: Firestore, bucket: Bucket, uid: string): Promise<UserData> {
  const stored = await db.runTransaction((tx) => readStored(tx, db, uid), { readOnly: true });
  const [files] = await bucket.getFiles({ prefix: `uploads/${uid}/` });
  const objects = files.map(({ name, metadata }) => ({
    path: name,
    md5: metadata.md5Hash ?? '',
    createdAtMs: Date.parse(metadata.timeCreated ?? ''),
  }));
  return { uid, ...stored, objects };
}

async function readStored(tx: Transaction, db: Firestore, uid: string): Promise<Omit<UserData, 'uid' | 'objects'>> {
  const ofUser = <T>(name: string): Promise<Map<string, T>> =>
    readAll<T>(tx, db.collection(`users/${uid}/${name}`) as CollectionReference<T>);
  const stored = await readAll<Job>(tx, db.collection(JOBS).where('uid', '==', uid) as Query<Job>);
  const jobs = new Map<string, JobWithFiles>();
  for (const [jobId, job] of stored) {
    const filePages = await readAll<FilePage>(tx, filesOf(db, jobId));
    const files = job.filePages.flatMap((_, page) => filePages.get(String(page))?.files ?? []);
    jobs.set(jobId, { ...job, files });
  }
  const chunks: StoredChunk[] = [];
  for (const jobId of jobs.keys()) {
    for await (const doc of pages(tx, chunksOf(db, jobId))) {
      chunks.push({ id: doc.id, jobId, chunk: doc.data(), writtenAtMs: doc.updateTime.toMillis() });
    }
  }
  return {
    jobs,
    chunks,
    recordings: await ofUser<RecordingEntry>('recordings'),
    segments: byContent(segmentsIn((await ofUser<SegmentPage>('segments')).values())),
    conversations: await ofUser<Conversation>('conversations'),
    edits: [...(await ofUser<Edit>('edits'))].map(([id, edit]) => ({ ...edit, id })),
    usage: await ofUser<Partial<UsageCounters>>('usage'),
  };
}

/** Segments by what identifies them: device, recording, time and text. Equal ones get a number. */
export function byContent(segments: readonly Segment[]): Map<string, Segment> {
  const found = new Map<string, Segment>();
  for (const segment of segments) {
    const { deviceId, recordingId, startedAt, endedAt, text } = segment;
    const key = JSON.stringify([deviceId, recordingId, startedAt.toMillis(), endedAt.toMillis(), text]);
    let id = key;
    for (let copy = 2; found.has(id); copy++) id = `${key} (${copy})`;
    found.set(id, segment);
  }
  return found;
}

async function readAll<T>(tx: Transaction, query: Query<T>): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for await (const doc of pages(tx, query)) found.set(doc.id, doc.data());
  return found;
}

async function* pages<T>(tx: Transaction, query: Query<T>) {
  const page = query.orderBy(FieldPath.documentId()).limit(PAGE_SIZE);
  for (let { docs } = await tx.get(page); ; { docs } = await tx.get(page.startAfter(docs.at(-1)))) {
    yield* docs;
    if (docs.length < PAGE_SIZE) return;
  }
}
