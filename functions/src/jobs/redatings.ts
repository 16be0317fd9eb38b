/**
 * Corrections of dates that are under way: `users/{uid}/redatings/current`. The transaction that decides on a correction writes where
 * its recordings go; then segments, conversations and coverage are moved, piece by piece. Each user has one correction at a time, so
 * that no two of them mix: a caller that finds one under way finishes it first.
 */
import { randomUUID } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Query, Transaction } from 'firebase-admin/firestore';
import type { RecordingShift } from './recordingEntry.ts';

export interface Redating {
  /** Distinguishes it from the corrections before and after it. */
  readonly id: string;
  /** The caller's key: the same call again is the same correction. Null without one. */
  readonly key: string | null;
  readonly state: 'moving' | 'done';
  readonly shifts: readonly RecordingShift[];
  /** Conversations that it has changed so far. */
  readonly conversationIds: readonly string[];
  readonly startedAt: Timestamp;
}

/** Another correction is under way: the caller must finish it before the next one is decided. */
export class RedatingUnderWayError extends Error {
  override readonly name = 'RedatingUnderWayError';
}

export function redatingOf(db: Firestore, uid: string): DocumentReference<Redating> {
  return db.doc(`users/${uid}/redatings/current`) as DocumentReference<Redating>;
}

/** Corrections of all users that are under way. */
export function unfinishedRedatings(db: Firestore): Query<Redating> {
  return db.collectionGroup('redatings').where('state', '==', 'moving') as Query<Redating>;
}

/**
 * Prepares, within a transaction, to begin a correction. Reads; the returned function writes.
 * @throws RedatingUnderWayError
 */
export async function prepareRedating(
  tx: Transaction,
  db: Firestore,
  uid: string,
): Promise<{
  readonly last: Redating | null;
  readonly write: (shifts: readonly RecordingShift[], key: string | null, nowMs: number) => void;
}> {
  const ref = redatingOf(db, uid);
  const last = (await tx.get(ref)).data() ?? null;
  if (last?.state === 'moving') throw new RedatingUnderWayError('A correction of dates is under way.');
  return {
    last,
    write: (shifts, key, nowMs) => {
      const startedAt = Timestamp.fromMillis(nowMs);
      tx.set(ref, { id: randomUUID(), key, state: 'moving', shifts, conversationIds: [], startedAt });
    },
  };
}
