/** The edits of users in Firestore. The contract's edit.ts says what they mean. */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query, QueryDocumentSnapshot } from 'firebase-admin/firestore';
import { EDIT_LIMITS, editsPath } from 'offline-audio-sync-contract';
import type * as contract from 'offline-audio-sync-contract';
import type { Interval } from './interval.ts';
import type { PlacedRecording } from './conversation.ts';

export type Edit = contract.EditDoc<Timestamp>;
export type EditPlace = contract.EditPlace<Timestamp>;
export type EditChange = contract.EditChange<Timestamp>;
export type StoredEdit = contract.StoredEdit<Timestamp>;

/** The edits that decide where conversations begin. */
const BOUNDARIES = ['split', 'merge'];

export function isBoundary({ kind }: Pick<Edit, 'kind'>): boolean {
  return BOUNDARIES.includes(kind);
}

/** The stretch of time that an edit is about; for a boundary, the stretch that it affects. */
export function stretchOf(edit: Edit): Interval {
  const startMs = edit.startedAt.toMillis();
  return { startMs, endMs: edit.kind === 'merge' ? edit.until.startedAt.toMillis() : startMs };
}

export function editsOf(db: Firestore, uid: string): CollectionReference<Edit> {
  return db.collection(editsPath(uid)) as CollectionReference<Edit>;
}

export function storedEdit(doc: QueryDocumentSnapshot<Edit>): StoredEdit {
  return { ...doc.data(), id: doc.id };
}

interface OnDevice extends Interval {
  readonly uid: string;
  readonly deviceId: string;
}

/** Splits and merges that reach into a stretch of a device's time. Unix milliseconds. */
export function boundariesBetween(db: Firestore, { uid, deviceId, startMs, endMs }: OnDevice): Query<Edit> {
  return editsOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('kind', 'in', BOUNDARIES)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs - EDIT_LIMITS.maxMergeMs))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs))
    .orderBy('startedAt');
}

/** All edits of a stretch of a device's time. Unix milliseconds. */
export function editsBetween(db: Firestore, { uid, deviceId, startMs, endMs }: OnDevice): Query<Edit> {
  return editsOf(db, uid)
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs))
    .orderBy('startedAt');
}

/** Edits of a recording at the place where it lies: those that begin in it, and merges that end in it. */
export function editsAt(
  db: Firestore,
  uid: string,
  { recordingId, startedAtMs }: PlacedRecording,
): readonly [from: Query<Edit>, until: Query<Edit>] {
  const startedAt = Timestamp.fromMillis(startedAtMs);
  const edits = editsOf(db, uid);
  return [
    edits.where('recordingId', '==', recordingId).where('recordingStartedAt', '==', startedAt),
    edits.where('until.recordingId', '==', recordingId).where('until.recordingStartedAt', '==', startedAt),
  ];
}

/** The edits that name a voice, by its number. */
export function editsOfVoice(db: Firestore, uid: string, speaker: number): Query<Edit> {
  return editsOf(db, uid).where('speaker', '==', speaker);
}

/** The names that a user gave to voices wherever they speak. */
export function namedVoices(db: Firestore, uid: string): Query<Edit> {
  return editsOf(db, uid).where('scope', '==', 'everywhere').limit(500);
}
