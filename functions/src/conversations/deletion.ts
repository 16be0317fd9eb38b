/**
 * Deletes a conversation so that nothing brings it back. First, in one transaction, it becomes a tombstone that no app shows. Then its
 * segments are deleted page by page, each page together with its words in the chunks and the user's corrections. Only the time of the
 * speech stays stored ({@link DeletedSpeech}): speech that arrives for this time again, in any recording, is dropped. New speech next
 * to it, or in a longer pause of it, begins a conversation of its own.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, QueryDocumentSnapshot, Transaction } from 'firebase-admin/firestore';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import { chunksOf } from '../jobs/chunk.ts';
import type { ChunkDoc } from '../jobs/chunk.ts';
import type { Interval } from './interval.ts';
import { conversationsOf, deletedBetween, deletedSpeechOf, segmentPagesOf, transcriptOf } from './collections.ts';
import { deleteCustomData, deleteCustomFields } from './customData.ts';
import { segmentsIn } from './conversation.ts';
import type { Conversation, Segment, SegmentPage } from './conversation.ts';
import { keptAudioOf } from '../storage/keptAudio.ts';
import { editsBetween } from './edits.ts';
import { middle } from './repeats.ts';

/** Pages of segments of one transaction: with their chunks far below the 10 MiB that one may carry. */
const PAGES = 20;

/** Edits of one transaction. */
const EDITS = 100;

/** The longest {@link DeletedSpeech}, milliseconds: a search for those that reach a moment begins this long before it. */
export const LONGEST_STRETCH_MS = 10 * 60_000;

/** Pauses up to this belong to the deleted stretch, milliseconds: audio that fills them is of the same run, and nothing new. */
const PAUSE_MS = LIMITS.runGapMs;

/**
 * Makes a conversation a tombstone. If it is deleted, or being deleted, nothing changes.
 * @throws AppError `conversation_not_found`; `conversation_merged`, because the user has not seen the conversation that it became part
 * of.
 */
export async function beginDeletion(db: Firestore, uid: string, conversationId: string, nowMs: number): Promise<void> {
  const ref = conversationsOf(db, uid).doc(conversationId);
  await db.runTransaction(async (tx) => {
    const conversation = (await tx.get(ref)).data();
    if (conversation === undefined) throw new AppError('conversation_not_found');
    if (conversation.state === 'merged') throw new AppError('conversation_merged');
    if (conversation.state !== 'live') return;
    const now = Timestamp.fromMillis(nowMs);
    tx.update(ref, {
      state: 'deleting',
      deletedAt: now,
      updatedAt: now,
      revision: conversation.revision + 1,
      title: null,
      overview: null,
      relevance: null,
      language: null,
      languages: {},
      segmentCount: 0,
      wordCount: 0,
      speechSeconds: 0,
    });
    deleteCustomFields(tx, ref, conversation);
  });
}

/**
 * Deletes the speech of a conversation that is a tombstone. Its state is `deleting` until the last page is deleted, and until then
 * nothing new is written into its interval. So all segments there are its own.
 */
export async function finishDeletion(
  db: Firestore,
  uid: string,
  conversationId: string,
  { nowMs, deleteAudio }: FinishOptions,
): Promise<void> {
  const ref = conversationsOf(db, uid).doc(conversationId);
  if ((await ref.get()).data()?.state !== 'deleting') return;
  await deleteCustomData(db, ref);
  for (let isDone = false; !isDone;) {
    const { audio, hasMore } = await db.runTransaction((tx) => deletePage(tx, db, uid, ref, nowMs));
    await deleteAudio(audio);
    isDone = !hasMore;
  }
}

export interface FinishOptions {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Deletes objects with kept audio that no document names any more. */
  readonly deleteAudio: (paths: readonly string[]) => Promise<void>;
}

interface DeletedPage {
  /** Paths of kept audio. If a chunk also has audio of other conversations, that is deleted too. */
  readonly audio: readonly string[];
  /** Whether more may be left. */
  readonly hasMore: boolean;
}

async function deletePage(
  tx: Transaction,
  db: Firestore,
  uid: string,
  ref: DocumentReference<Conversation>,
  nowMs: number,
): Promise<DeletedPage> {
  const conversation = (await tx.get(ref)).data();
  if (conversation?.state !== 'deleting') return { audio: [], hasMore: false };
  const { deviceId, startedAt, finishedAt } = conversation;
  const { docs } = await tx.get(transcriptOf(segmentPagesOf(db, uid), conversation).limit(PAGES));
  const audioRefs = [...new Set(docs.map((doc) => doc.data().chunkId))].map((id) => keptAudioOf(db, uid).doc(id));
  const audio = (audioRefs.length === 0 ? [] : await tx.getAll(...audioRefs)).filter(({ exists }) => exists);
  const interval = { startMs: startedAt.toMillis(), endMs: finishedAt.toMillis() };
  const edits = (await tx.get(editsBetween(db, { uid, deviceId, ...interval }).limit(EDITS))).docs;
  const chunkRefs = new Map(docs.map((doc) => checkpointOf(db, doc.data())).map((chunk) => [chunk.path, chunk]));
  const chunks = chunkRefs.size === 0 ? [] : await tx.getAll(...chunkRefs.values());

  for (const chunk of chunks) forget(tx, chunk.ref, chunk.data(), interval);
  for (const { startMs, endMs } of stretchesOf(segmentsIn(docs.map((doc) => doc.data())))) {
    tx.set(deletedSpeechOf(db, uid).doc(`${ref.id}-${String(startMs)}`), {
      deviceId,
      startedAt: Timestamp.fromMillis(startMs),
      endedAt: Timestamp.fromMillis(endMs),
      conversationId: ref.id,
    });
  }
  for (const { ref: done } of [...docs, ...edits, ...audio] as QueryDocumentSnapshot[]) tx.delete(done);
  const hasMore = docs.length === PAGES || edits.length === EDITS;
  if (!hasMore) {
    const revision = conversation.revision + 1;
    tx.update(ref, { state: 'deleted', updatedAt: Timestamp.fromMillis(nowMs), revision });
    // Custom fields that a function has written since the deletion began, without checking the state.
    deleteCustomFields(tx, ref, conversation);
  }
  return { audio: audio.flatMap((doc) => doc.data()?.path ?? []), hasMore };
}

/** What a user deleted in a stretch of a device's time; read in the transaction, if one is given. */
export async function deletedStretches(
  db: Firestore,
  where: Interval & { readonly uid: string; readonly deviceId: string },
  tx?: Transaction,
): Promise<Interval[]> {
  const query = deletedBetween(db, { ...where, longestMs: LONGEST_STRETCH_MS });
  const { docs } = await (tx === undefined ? query.get() : tx.get(query));
  return docs
    .map((doc) => ({ startMs: doc.data().startedAt.toMillis(), endMs: doc.data().endedAt.toMillis() }))
    .filter(({ endMs }) => endMs >= where.startMs);
}

function checkpointOf(db: Firestore, { jobId, chunkId }: SegmentPage): DocumentReference<ChunkDoc> {
  return chunksOf(db, jobId).doc(chunkId);
}

/** Removes the words of an interval from a chunk, which may be deleted with its job. */
function forget(
  tx: Transaction,
  ref: DocumentReference<ChunkDoc>,
  chunk: ChunkDoc | undefined,
  { startMs, endMs }: Interval,
): void {
  if (chunk === undefined) return;
  const words = chunk.words.filter((word) => middle(word) < startMs || middle(word) > endMs);
  tx.update(ref, { words });
}

/** The stretches with speech; shorter pauses do not end a stretch. @param segments in order of their starts. */
export function stretchesOf(segments: readonly Pick<Segment, 'startedAt' | 'endedAt'>[]): Interval[] {
  const stretches: { startMs: number; endMs: number }[] = [];
  for (const { startedAt, endedAt } of segments) {
    const [startMs, endMs] = [startedAt.toMillis(), endedAt.toMillis()];
    const last = stretches.at(-1);
    if (last !== undefined && startMs - last.endMs <= PAUSE_MS && endMs - last.startMs <= LONGEST_STRETCH_MS) {
      last.endMs = Math.max(last.endMs, endMs);
    } else {
      stretches.push({ startMs, endMs });
    }
  }
  return stretches;
}
