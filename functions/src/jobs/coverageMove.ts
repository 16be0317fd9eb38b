/** Moves the coverage of recordings whose dates are corrected, so that their frames are not sent again at either date. */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import { bounded, bucketOf, bucketsBetween, coverageOf, KEPT_MS } from './coverage.ts';
import type { CoverageDoc, Stretch } from './coverage.ts';

export interface CoverageShift {
  readonly recordingId: string;
  readonly deviceId: string;
  /** Where the recording lies, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** At least as long as the recording, milliseconds. */
  readonly durationMs: number;
}

/**
 * Moves the coverage of one recording, a few minutes in each transaction. May be repeated.
 * @param stays whether a frame that begins then, Unix milliseconds, stays where it is.
 * @param guard called in each transaction before it writes; throws if the move must not continue.
 */
export async function moveCoverage(
  db: Firestore,
  uid: string,
  shift: CoverageShift,
  { stays, guard, nowMs }: CoverageMoveOptions,
): Promise<void> {
  const { deviceId, fromMs, durationMs } = shift;
  for (const id of bucketsBetween(deviceId, fromMs, fromMs + durationMs)) {
    const ref = coverageOf(db, uid).doc(id);
    // Most buckets of a day hold nothing: no transaction for them.
    if (!(await ref.get()).data()?.stretches.some((stretch) => isOf(stretch, shift))) continue;
    await db.runTransaction(async (tx) => {
      await guard(tx);
      await moveBucket(tx, ref, shift, stays, nowMs);
    });
  }
}

export interface CoverageMoveOptions {
  readonly stays: (atMs: number) => boolean;
  readonly guard: (tx: Transaction) => Promise<void>;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

async function moveBucket(
  tx: Transaction,
  ref: DocumentReference<CoverageDoc>,
  shift: CoverageShift,
  stays: (atMs: number) => boolean,
  nowMs: number,
): Promise<void> {
  const { deviceId } = shift;
  const source = (await tx.get(ref)).data();
  const mine = source?.stretches.filter((stretch) => isOf(stretch, shift)) ?? [];
  const moved = new Map<string, Stretch[]>();
  for (const part of mine.flatMap((stretch) => shifted(stretch, shift, stays))) {
    const id = bucketOf(deviceId, part.startMs);
    moved.set(id, [...(moved.get(id) ?? []), part]);
  }
  const left = [
    ...(source?.stretches.filter((stretch) => !isOf(stretch, shift)) ?? []),
    ...mine.flatMap((stretch) => remaining(stretch, stays)),
  ];
  const refs = [...moved.keys()].filter((id) => id !== ref.id).map((id) => ref.parent.doc(id));
  const targets = refs.length === 0 ? [] : await tx.getAll(...refs);

  const expiresAt = Timestamp.fromMillis(nowMs + KEPT_MS);
  for (const target of targets) {
    const stretches = bounded([...(target.data()?.stretches ?? []), ...(moved.get(target.id) ?? [])]);
    tx.set(target.ref, { deviceId, stretches, expiresAt });
  }
  tx.set(ref, { deviceId, stretches: bounded([...left, ...(moved.get(ref.id) ?? [])]), expiresAt });
}

function isOf(stretch: Stretch, { recordingId, fromMs }: CoverageShift): boolean {
  return stretch.recordingId === recordingId && stretch.recordingStartMs === fromMs;
}

/** The frames that move, cut where a new bucket begins. */
function shifted(stretch: Stretch, { deviceId, fromMs, toMs }: CoverageShift, stays: (atMs: number) => boolean) {
  const atNewTime = (index: number): number => atMs(stretch, index) + toMs - fromMs;
  return cut(stretch, (index) => (stays(atMs(stretch, index)) ? null : bucketOf(deviceId, atNewTime(index)))).map(
    (part) => ({ ...part, startMs: part.startMs + toMs - fromMs, recordingStartMs: toMs }),
  );
}

function remaining(stretch: Stretch, stays: (atMs: number) => boolean): Stretch[] {
  return cut(stretch, (index) => (stays(atMs(stretch, index)) ? '' : null));
}

/** Consecutive frames with the same key; those whose key is null are left out. */
function cut(stretch: Stretch, keyOf: (index: number) => string | null): Stretch[] {
  const frames = stretch.crcs.length / 4;
  const parts: Stretch[] = [];
  for (let from = 0, to = 0; from < frames; from = to) {
    const key = keyOf(from);
    for (to = from + 1; to < frames && keyOf(to) === key; to++);
    if (key === null) continue;
    const crcs = Buffer.from(stretch.crcs.subarray(4 * from, 4 * to));
    const levels = stretch.levels === undefined ? {} : { levels: Buffer.from(stretch.levels.subarray(from, to)) };
    parts.push({ ...stretch, startMs: atMs(stretch, from), crcs, ...levels });
  }
  return parts;
}

function atMs({ startMs, frameSamples }: Stretch, index: number): number {
  return startMs + (index * frameSamples) / SAMPLES_PER_MS;
}
