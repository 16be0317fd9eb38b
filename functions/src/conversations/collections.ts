/** The collections of a user's conversations, and queries that several modules use. */
import { conversationsPath, LONGEST_PAGE_MS, segmentsPath } from 'offline-audio-sync-contract';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Query } from 'firebase-admin/firestore';
import type { Interval } from './interval.ts';
import type { Conversation, DeletedSpeech, PlacedRecording, SegmentPage } from './conversation.ts';

export function conversationsOf(db: Firestore, uid: string): CollectionReference<Conversation> {
  return db.collection(conversationsPath(uid)) as CollectionReference<Conversation>;
}

export function segmentPagesOf(db: Firestore, uid: string): CollectionReference<SegmentPage> {
  return db.collection(segmentsPath(uid)) as CollectionReference<SegmentPage>;
}

export function deletedSpeechOf(db: Firestore, uid: string): CollectionReference<DeletedSpeech> {
  return db.collection(`users/${uid}/deleted_speech`) as CollectionReference<DeletedSpeech>;
}

/** A device's conversations, live or being deleted, that end after a moment, in order. @param afterMs Unix milliseconds. */
export function conversationsEndingAfter(
  db: Firestore,
  uid: string,
  deviceId: string,
  afterMs: number,
): Query<Conversation> {
  return conversationsOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('state', 'in', ['live', 'deleting'])
    .where('finishedAt', '>', Timestamp.fromMillis(afterMs))
    .orderBy('finishedAt');
}

/** The segments of a conversation, in pages. Read a few pages at a time: a day of speech without a pause has hundreds. */
export function transcriptOf(
  pages: CollectionReference<SegmentPage>,
  { deviceId, startedAt, finishedAt }: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
): Query<SegmentPage> {
  return pages
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', startedAt)
    .where('startedAt', '<=', finishedAt)
    .orderBy('startedAt');
}

/** The pages of a device that reach into a stretch of its time, in order. Unix milliseconds. */
export function pagesBetween(
  db: Firestore,
  { uid, deviceId, startMs, endMs }: Interval & { readonly uid: string; readonly deviceId: string },
): Query<SegmentPage> {
  return segmentPagesOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs - LONGEST_PAGE_MS))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs))
    .where('endedAt', '>=', Timestamp.fromMillis(startMs))
    .orderBy('startedAt');
}

/** The pages in which a voice speaks, by its number. */
export function pagesOfVoice(db: Firestore, uid: string, speaker: number): Query<SegmentPage> {
  return segmentPagesOf(db, uid).where('speakers', 'array-contains', speaker);
}

/** The pages of one chunk. */
export function pagesOfChunk(db: Firestore, uid: string, jobId: string, chunkId: string): Query<SegmentPage> {
  return pagesWithChunkId(db, uid, chunkId).where('jobId', '==', jobId);
}

/** The pages of a chunk by its id alone, for its kept audio. */
export function pagesWithChunkId(db: Firestore, uid: string, chunkId: string): Query<SegmentPage> {
  return segmentPagesOf(db, uid).where('chunkId', '==', chunkId);
}

/** The pages of a recording at the place where it lies. */
export function pagesAt(db: Firestore, uid: string, { recordingId, startedAtMs }: PlacedRecording): Query<SegmentPage> {
  return segmentPagesOf(db, uid)
    .where('recordingId', '==', recordingId)
    .where('recordingStartedAt', '==', Timestamp.fromMillis(startedAtMs));
}

/**
 * What a user deleted in a stretch of a device's time. Also finds deleted stretches that begin up to `longestMs` before it. Unix
 * milliseconds.
 */
export function deletedBetween(
  db: Firestore,
  { uid, deviceId, startMs, endMs, longestMs }: DeletedStretch,
): Query<DeletedSpeech> {
  return deletedSpeechOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs - longestMs))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs))
    .orderBy('startedAt');
}

interface DeletedStretch extends Interval {
  readonly uid: string;
  readonly deviceId: string;
  readonly longestMs: number;
}

/** The tombstones of the conversations that were merged into this one, without those merged into them before. */
export function mergedInto(ref: DocumentReference<Conversation>): Query<Conversation> {
  return (ref.parent as CollectionReference<Conversation>).where('mergedInto', '==', ref.id);
}

/** Conversations of all users whose deletion has begun and is not finished. */
export function unfinishedDeletions(db: Firestore): Query<Conversation> {
  return db.collectionGroup('conversations').where('state', '==', 'deleting') as Query<Conversation>;
}
