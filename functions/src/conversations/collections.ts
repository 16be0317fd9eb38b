/** Where a user's conversations are kept, and what several modules ask of them. */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query } from 'firebase-admin/firestore';
import type { Interval } from './assignment.ts';
import type { Conversation, DeletedSpeech, PlacedRecording, Segment } from './conversation.ts';

export function conversationsOf(db: Firestore, uid: string): CollectionReference<Conversation> {
  return db.collection(`users/${uid}/conversations`) as CollectionReference<Conversation>;
}

export function segmentsOf(db: Firestore, uid: string): CollectionReference<Segment> {
  return db.collection(`users/${uid}/segments`) as CollectionReference<Segment>;
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

/** The segments of a conversation, in order. Page it: a day that never paused has twenty thousand. */
export function transcriptOf(
  segments: CollectionReference<Segment>,
  { deviceId, startedAt, finishedAt }: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
): Query<Segment> {
  return segments
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', startedAt)
    .where('startedAt', '<=', finishedAt)
    .orderBy('startedAt');
}

/** The segments of a device that begin in a stretch of its time, in order. Unix milliseconds. */
export function segmentsBetween(
  db: Firestore,
  { uid, deviceId, startMs, endMs }: Interval & { readonly uid: string; readonly deviceId: string },
): Query<Segment> {
  return segmentsOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs))
    .orderBy('startedAt');
}

/** The segments with one voice, by its number. */
export function segmentsOfVoice(db: Firestore, uid: string, speaker: number): Query<Segment> {
  return segmentsOf(db, uid).where('speaker', '==', speaker);
}

/** The segments that came of one chunk. */
export function segmentsOfChunk(db: Firestore, uid: string, jobId: string, chunkId: string): Query<Segment> {
  return segmentsOf(db, uid).where('jobId', '==', jobId).where('chunkId', '==', chunkId);
}

/** The segments of a recording that lie where it lies. */
export function segmentsAt(db: Firestore, uid: string, { recordingId, startedAtMs }: PlacedRecording): Query<Segment> {
  return segmentsOf(db, uid)
    .where('recordingId', '==', recordingId)
    .where('recordingStartedAt', '==', Timestamp.fromMillis(startedAtMs));
}

/** What a user deleted of a stretch of a device's time, with what begins up to `longestMs` before it. Unix milliseconds. */
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

/** Conversations of all users whose deletion has begun and is not through. */
export function unfinishedDeletions(db: Firestore): Query<Conversation> {
  return db.collectionGroup('conversations').where('state', '==', 'deleting') as Query<Conversation>;
}
