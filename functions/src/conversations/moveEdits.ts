/** Moves the edits of recordings whose dates are corrected: one edit in one transaction, with the conversations at both places. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import type { Interval } from './interval.ts';
import { isPossibleMerge } from './boundaries.ts';
import { placeKey } from './conversation.ts';
import { editsAt, editsOf, isBoundary, stretchOf } from './edits.ts';
import type { Edit, EditPlace, StoredEdit } from './edits.ts';
import type { Moved } from './move.ts';
import type { Shift } from './moveChunk.ts';
import { prepareRegroup } from './regroup.ts';
import { placeOf } from './storedPages.ts';

export interface EditMove {
  readonly uid: string;
  readonly editId: string;
  readonly shifts: readonly Shift[];
  readonly gapMs: number;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** Ids of the edits that lie at the old places. */
export async function editsToMove(db: Firestore, uid: string, shifts: readonly Shift[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const shift of shifts) {
    for (const query of editsAt(db, uid, shift)) for (const { id } of (await query.get()).docs) ids.add(id);
  }
  return [...ids];
}

/**
 * Reads what the move of an edit depends on; the returned function writes. Only an edit that lies at an old place moves, so it may be
 * repeated.
 * @throws DeletionUnderWayError
 */
export async function prepareEditMove(tx: Transaction, db: Firestore, move: EditMove): Promise<() => Moved> {
  const { uid, editId, gapMs, nowMs } = move;
  const ref = editsOf(db, uid).doc(editId);
  const before = (await tx.get(ref)).data();
  if (before === undefined) return () => ({ changed: [], deleting: [] });
  const shifts = new Map(move.shifts.map((shift) => [placeKey(shift), shift]));
  const after = moved(before, shifts);
  const regroup = {
    uid,
    deviceId: after.deviceId,
    around: [...stretchesOf(before), ...stretchesOf(after)],
    change: (edits: readonly StoredEdit[]) => [...edits.filter(({ id }) => id !== editId), { ...after, id: editId }],
    gapMs,
    nowMs,
    // A correction of dates that is decided must end; otherwise the user's jobs would wait for it for ever.
    mostWords: Infinity,
  };
  const write = isBoundary(before) ? await prepareRegroup(tx, db, regroup) : () => [];
  return () => {
    tx.set(ref, { ...after, updatedAt: Timestamp.fromMillis(nowMs) });
    return { changed: write(), deleting: [] };
  };
}

/** The stretches that the edit affects. A merge whose ends are now too far apart has no effect between them, so only its ends count. */
function stretchesOf(edit: Edit): Interval[] {
  const { startMs, endMs } = stretchOf(edit);
  if (startMs === endMs || isPossibleMerge({ startMs, endMs })) return [{ startMs, endMs }];
  return [startMs, endMs].map((atMs) => ({ startMs: atMs, endMs: atMs }));
}

type Shifts = ReadonlyMap<string, Shift>;

function moved(edit: Edit, shifts: Shifts): Edit {
  const place = movedPlace(edit, shifts);
  return edit.kind === 'merge' ? { ...edit, ...place, until: movedPlace(edit.until, shifts) } : { ...edit, ...place };
}

function movedPlace({ recordingId, recordingStartedAt, startedAt, endedAt }: EditPlace, shifts: Shifts): EditPlace {
  const shift = shifts.get(placeKey(placeOf({ recordingId, recordingStartedAt })));
  const byMs = shift === undefined ? 0 : shift.toMs - shift.startedAtMs;
  const later = (time: Timestamp): Timestamp => Timestamp.fromMillis(time.toMillis() + byMs);
  return {
    recordingId,
    recordingStartedAt: later(recordingStartedAt),
    startedAt: later(startedAt),
    endedAt: later(endedAt),
  };
}
