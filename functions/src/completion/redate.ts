/** Carries out corrections of dates: moves the speech and the coverage of the recordings to their right place. */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import { LIMITS } from 'offline-audio-sync-contract';
import { finishingDeletions } from '../conversations/axis.ts';
import { pagesAt } from '../conversations/collections.ts';
import { deletedStretches } from '../conversations/deletion.ts';
import { prepareMove } from '../conversations/move.ts';
import type { Moved } from '../conversations/move.ts';
import type { Shift } from '../conversations/moveChunk.ts';
import { editsToMove, prepareEditMove } from '../conversations/moveEdits.ts';
import type { ConversationStore } from '../conversations/store.ts';
import type { Summaries } from '../conversations/summaries.ts';
import { moveCoverage } from '../jobs/coverageMove.ts';
import type { FileStore } from '../jobs/files.ts';
import { redatingOf } from '../jobs/redatings.ts';
import type { Redating } from '../jobs/redatings.ts';
import type { RecordingShift } from '../jobs/recordingEntry.ts';
import type { JobStore } from '../jobs/store.ts';

export interface RedateDeps {
  readonly db: Firestore;
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly conversations: ConversationStore;
  readonly summaries: Pick<Summaries, 'refresh'>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Coverage within this distance of deleted speech does not move either, milliseconds: it is the padding of that speech. */
const DELETED_MARGIN_MS = 1000;

/** Another caller has finished this correction, or another correction has begun. */
class RedatingOverError extends Error {}

/** Recordings of one job whose dates are written in one transaction. */
const GROUP = 100;

/** Finishes a user's correction that is under way. Safe to repeat, even by two callers at once. */
export async function finishRedating(uid: string, deps: RedateDeps): Promise<void> {
  const ref = redatingOf(deps.db, uid);
  const redating = (await ref.get()).data();
  if (redating?.state !== 'moving') return;
  try {
    await carryOut(uid, redating, deps);
  } catch (error) {
    if (!(error instanceof RedatingOverError)) throw error;
  }
}

async function carryOut(uid: string, redating: Redating, deps: RedateDeps): Promise<void> {
  const { db, summaries, now } = deps;
  const ref = redatingOf(db, uid);
  const guard = async (tx: Transaction): Promise<void> => {
    const current = (await tx.get(ref)).data();
    if (current?.id !== redating.id || current.state !== 'moving') throw new RedatingOverError();
  };
  for (const shift of redating.shifts) {
    const durationMs = 1000 * (shift.durationSeconds ?? LIMITS.maxRecordingSeconds);
    const { deviceId, fromMs } = shift;
    const deleted = await deletedStretches(db, { uid, deviceId, startMs: fromMs, endMs: fromMs + durationMs });
    // Coverage of deleted speech does not move, so that the speech is transcribed if it is sent again at the new time.
    const stays = (atMs: number): boolean =>
      deleted.some(({ startMs, endMs }) => atMs >= startMs - DELETED_MARGIN_MS && atMs <= endMs + DELETED_MARGIN_MS);
    await moveCoverage(db, uid, { ...shift, durationMs }, { stays, guard, nowMs: now() });
  }
  const step = { uid, guard, deps };
  const shifts = redating.shifts.map(placeShift);
  const { gapMs } = deps.conversations;
  const move = { uid, shifts, gapMs, begunMs: redating.startedAt.toMillis() };
  for (const chunk of await chunksToMove(uid, redating, deps)) {
    await moveOne(step, (tx) => prepareMove(tx, db, { ...move, ...chunk, nowMs: now() }));
  }
  for (const editId of await editsToMove(db, uid, shifts)) {
    await moveOne(step, (tx) => prepareEditMove(tx, db, { ...move, editId, nowMs: now() }));
  }
  await redateFiles(uid, redating.shifts, deps);
  const { conversationIds } = (await ref.get()).data() ?? redating;
  await summaries.refresh(uid, conversationIds, {});
  await db.runTransaction(async (tx) => {
    await guard(tx);
    tx.update(ref, { state: 'done' });
  });
}

interface ChunkRef {
  readonly jobId: string;
  readonly chunkId: string;
}

/** The chunks whose segments lie at the old places. */
async function chunksToMove(uid: string, { shifts }: Redating, { db }: RedateDeps): Promise<ChunkRef[]> {
  const chunks = new Map<string, ChunkRef>();
  for (const { recordingId, fromMs } of shifts) {
    const query = pagesAt(db, uid, { recordingId, startedAtMs: fromMs });
    const { docs } = await query.select('jobId', 'chunkId').get();
    for (const doc of docs) {
      const { jobId, chunkId } = doc.data() as ChunkRef;
      chunks.set(`${jobId}/${chunkId}`, { jobId, chunkId });
    }
  }
  return [...chunks.values()];
}

interface Step {
  readonly uid: string;
  readonly guard: (tx: Transaction) => Promise<void>;
  readonly deps: RedateDeps;
}

/** Moves one piece in one transaction, which also notes the conversations that it changed. */
async function moveOne(
  { uid, guard, deps: { db, conversations } }: Step,
  prepare: (tx: Transaction) => Promise<() => Moved>,
): Promise<void> {
  const deleting = await finishingDeletions(conversations, () =>
    db.runTransaction(async (tx) => {
      await guard(tx);
      const moved = (await prepare(tx))();
      if (moved.changed.length > 0) {
        tx.update(redatingOf(db, uid), { conversationIds: FieldValue.arrayUnion(...moved.changed) });
      }
      return moved.deleting;
    }),
  );
  for (const id of deleting) await conversations.finishDeletion(uid, id);
}

function placeShift({ recordingId, fromMs, toMs }: RecordingShift): Shift {
  return { recordingId, startedAtMs: fromMs, toMs };
}

/** Updates the dates in the jobs that brought the recordings, as long as these jobs exist. */
async function redateFiles(uid: string, shifts: readonly RecordingShift[], { jobs, files }: RedateDeps): Promise<void> {
  const jobIds = new Set(shifts.map(({ ref }) => ref.jobId));
  for (const jobId of jobIds) {
    const ofJob = shifts.filter(({ ref }) => ref.jobId === jobId);
    for (let from = 0; from < ofJob.length; from += GROUP) {
      const group = ofJob.slice(from, from + GROUP);
      await jobs.update(jobId, async (job, tx) => {
        if (job.uid !== uid) return null;
        const open = await files.read(jobId, job, { names: group.map(({ ref }) => ref.file), tx });
        for (const { ref, fromMs, toMs } of group) {
          const file = open.get(ref.file);
          if (file?.startedAt.toMillis() === fromMs) open.set({ ...file, startedAt: Timestamp.fromMillis(toMs) });
        }
        open.write(tx);
        return null;
      });
    }
  }
}
