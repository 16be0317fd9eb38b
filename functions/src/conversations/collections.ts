/** Where a user's conversations are kept, and what several modules ask of them. */
import type { CollectionReference, Firestore, Query } from 'firebase-admin/firestore';
import type { Conversation, DeletedSpeech, Segment } from './conversation.ts';

export function conversationsOf(db: Firestore, uid: string): CollectionReference<Conversation> {
  return db.collection(`users/${uid}/conversations`) as CollectionReference<Conversation>;
}

export function segmentsOf(db: Firestore, uid: string): CollectionReference<Segment> {
  return db.collection(`users/${uid}/segments`) as CollectionReference<Segment>;
}

export function deletedSpeechOf(db: Firestore, uid: string): CollectionReference<DeletedSpeech> {
  return db.collection(`users/${uid}/deleted_speech`) as CollectionReference<DeletedSpeech>;
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

/** Conversations of all users whose deletion has begun and is not through. */
export function unfinishedDeletions(db: Firestore): Query<Conversation> {
  return db.collectionGroup('conversations').where('state', '==', 'deleting') as Query<Conversation>;
}
