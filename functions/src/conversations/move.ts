/**
 * Moves the speech of recordings whose dates are corrected: one chunk in one transaction. Segments move to another place of the
 * device's time axis, and the conversations at both places become what they would be if the recordings had always had the new dates.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import { chunksOf } from '../jobs/chunk.ts';
import { readSounds } from '../jobs/coverage.ts';
import type { Sounds } from '../jobs/sounds.ts';
import { assign } from './assignment.ts';
import type { Assignment } from './assignment.ts';
import { byId, DeviceAxis, intervalOf, NOTHING_NEAR, reachOf } from './axis.ts';
import { boundariesOf, connect, NO_BOUNDARIES } from './boundaries.ts';
import type { Component } from './boundaries.ts';
import { conversationsOf, pagesOfChunk } from './collections.ts';
import { writeConversationFields } from './customData.ts';
import { NO_SUMMARY, placeKey } from './conversation.ts';
import type { Conversation, TimedSegment } from './conversation.ts';
import { moveChunk, shiftedWords } from './moveChunk.ts';
import type { Shift } from './moveChunk.ts';
import { segmentWords } from './segments.ts';
import { partsBySegment, placeOf, readPages, separatePages, timedSegments } from './storedPages.ts';
import { addTallies, tallyOf } from './tally.ts';

export interface ChunkMove {
  readonly uid: string;
  readonly jobId: string;
  readonly chunkId: string;
  readonly shifts: readonly Shift[];
  readonly gapMs: number;
  /** When the correction began, Unix milliseconds. */
  readonly begunMs: number;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** What a move wrote: ids of conversations. */
export interface Moved {
  readonly changed: string[];
  /** Conversations without any speech left: the caller finishes their deletion. */
  readonly deleting: string[];
}

/**
 * Reads what a move depends on; the returned function writes. Only segments that lie at the old places move, so it may be repeated.
 *
 * Cost: reads every page of the conversations that lose speech, and otherwise what an assignment of the same speech reads.
 * @throws DeletionUnderWayError
 */
export async function prepareMove(tx: Transaction, db: Firestore, move: ChunkMove): Promise<() => Moved> {
  const read = await readMove(tx, db, move);
  return () => (read === null ? { changed: [], deleting: [] } : writeMove(tx, db, move, read));
}

/** Null if nothing is left to move. */
async function readMove(tx: Transaction, db: Firestore, { uid, jobId, chunkId, gapMs, ...move }: ChunkMove) {
  const shifts = new Map(move.shifts.map((shift) => [placeKey(shift), shift]));
  const said = await tx.get(pagesOfChunk(db, uid, jobId, chunkId));
  const leaving = said.docs.filter((doc) => shifts.has(placeKey(placeOf(doc.data()))));
  const first = leaving[0]?.data();
  if (first === undefined) return null;
  const chunk = await tx.get(chunksOf(db, jobId).doc(chunkId));

  const ids = new Set(leaving.map(({ id }) => id));
  const axis = new DeviceAxis(db, uid, first.deviceId);
  const segmentsBefore = timedSegments(leaving.map((doc) => doc.data()));
  const shifted = shiftedWords(segmentsBefore, chunk.data(), shifts);
  const stored = (await axis.pagesAround(tx, shifted)).filter(({ id }) => !ids.has(id));
  const words = await axis.newWords(
    tx,
    shifted,
    stored.map((doc) => doc.data()),
    await soundsOf(tx, db, axis, segmentsBefore, shifted),
  );
  const losing = await losingConversations(tx, db, axis, segmentsBefore);
  const held = reachOf(losing.map(({ conversation }) => intervalOf(conversation.startedAt, conversation.finishedAt)));
  const boundaries = held === null ? NO_BOUNDARIES : boundariesOf(await axis.boundaries(tx, held));
  const rest = losing.map(({ id, conversation, pages }) => {
    const staying = pages.filter((page) => !ids.has(page.ref.id));
    const segments = staying.flatMap((page) => page.segments);
    return { id, conversation, staying, parts: connect(segments, gapMs, boundaries) };
  });

  const reach = reachOf(words);
  const { near, boundaries: ahead } = reach === null ? NOTHING_NEAR : await axis.surroundings(tx, reach, gapMs);
  const others = byId(near.filter(({ id }) => !losing.some((each) => each.id === id)));
  return {
    axis,
    shifts,
    leaving,
    source: { jobId, chunkId, transcriber: first.transcriber },
    chunk,
    words,
    rest,
    others,
    ahead,
  };
}

function writeMove(
  tx: Transaction,
  db: Firestore,
  { uid, jobId, gapMs, begunMs, nowMs }: ChunkMove,
  {
    axis,
    shifts,
    leaving,
    source,
    chunk,
    words,
    rest,
    others,
    ahead,
  }: NonNullable<Awaited<ReturnType<typeof readMove>>>,
): Moved {
  const refOf = (id: string) => conversationsOf(db, uid).doc(id);
  const pieces = rest.flatMap(({ id, conversation, parts }) =>
    parts.map((part, i) => pieceOf(i === 0 ? id : conversationsOf(db, uid).doc().id, conversation, part, i === 0)),
  );
  const standing = new Map([...others, ...pieces.map(({ id, conversation }) => [id, conversation] as const)]);
  const existing = [...standing].map(([id, { startedAt, finishedAt }]) => ({
    id,
    ...intervalOf(startedAt, finishedAt),
  }));
  const assignments = assign(existing, segmentWords(words, ahead.cuts), gapMs, null, ahead);

  for (const { ref } of leaving) tx.delete(ref);
  for (const { incoming } of assignments) axis.writeSegments(tx, source, incoming);
  for (const { staying, parts } of rest) separatePages(tx, axis, staying, partsBySegment(parts));
  if (chunk.exists) moveChunk(tx, chunk, words, shifts);

  const emptied = rest.filter(({ parts }) => parts.length === 0);
  for (const { id, conversation } of emptied) standing.set(id, conversation);
  const unused = emptied.map(({ id }) => id);
  const isStored = (id: string): boolean => others.has(id) || rest.some((each) => each.id === id);
  const touched = assignments.map((each) => {
    const assignment = unused.length > 0 ? withoutBegun(each, standing, begunMs) : each;
    const absorbed = assignment.absorbed.filter(isStored);
    return writeAssigned(tx, axis, { ...assignment, absorbed }, assignment, standing, { jobId, nowMs, unused });
  });
  const assigned = new Set(assignments.flatMap(({ survivor, absorbed }) => [survivor, ...absorbed]));
  const left = pieces.filter(({ id }) => !assigned.has(id));
  for (const { id, conversation } of left) {
    const changed = { revision: conversation.revision + 1, updatedAt: Timestamp.fromMillis(nowMs) };
    writeConversationFields(tx, refOf(id), { ...conversation, ...changed });
  }
  const into = touched[0] ?? others.keys().next().value ?? null;
  for (const id of unused) {
    const before = standing.get(id);
    if (into !== null) axis.writeMerged(tx, id, before, into, nowMs);
    else tx.update(refOf(id), goneFields(before, nowMs));
  }
  return { changed: [...touched, ...left.map(({ id }) => id)], deleting: into === null ? unused : [] };
}

/**
 * If the survivor began with an earlier part of the same correction, a conversation that the speech comes from replaces it. So a
 * conversation that moves as a whole keeps its id and its custom data.
 */
function withoutBegun(
  assignment: Assignment<TimedSegment>,
  standing: ReadonlyMap<string, Conversation>,
  begunMs: number,
): Assignment<TimedSegment> {
  const { survivor, absorbed } = assignment;
  const createdAt = survivor === null ? undefined : standing.get(survivor)?.createdAt;
  if (survivor === null || createdAt === undefined || createdAt.toMillis() < begunMs) return assignment;
  return { ...assignment, survivor: null, absorbed: [survivor, ...absorbed] };
}

/** Writes a conversation. Its tallies include all that it absorbs, but only stored conversations become tombstones. */
function writeAssigned(
  tx: Transaction,
  axis: DeviceAxis,
  written: Assignment<TimedSegment>,
  { absorbed }: Assignment<TimedSegment>,
  standing: ReadonlyMap<string, Conversation>,
  { jobId, nowMs, unused }: { readonly jobId: string; readonly nowMs: number; readonly unused: string[] },
): string {
  const unstored = absorbed.filter((id) => !written.absorbed.includes(id)).flatMap((id) => standing.get(id) ?? []);
  return axis.writeConversation(tx, written, standing, { jobId, nowMs, unused, unstored });
}

/** The loudness at the old and the new places: the coverage of the words may have moved before them. */
function soundsOf(
  tx: Transaction,
  db: Firestore,
  axis: DeviceAxis,
  ...places: readonly (readonly { readonly startMs: number; readonly endMs: number }[])[]
): Promise<Sounds> {
  return readSounds(
    tx,
    db,
    axis,
    places.flatMap((words) => reachOf(words.toSorted((a, b) => a.startMs - b.startMs)) ?? []),
  );
}

/** The conversations that have some of the segments, with all their pages. @throws DeletionUnderWayError */
async function losingConversations(tx: Transaction, db: Firestore, axis: DeviceAxis, leaving: readonly TimedSegment[]) {
  const sorted = leaving.toSorted((a, b) => a.startMs - b.startMs);
  const reach = reachOf(sorted) ?? { startMs: 0, endMs: 0 };
  const near = await axis.neighbours(tx, reach.startMs - 1, reach.endMs + 1);
  const losing = near.filter((doc) => {
    const { startMs, endMs } = intervalOf(doc.data().startedAt, doc.data().finishedAt);
    return sorted.some((segment) => segment.startMs >= startMs && segment.startMs <= endMs);
  });
  return Promise.all(
    losing.map(async (doc) => ({
      id: doc.id,
      conversation: doc.data(),
      pages: await readPages(tx, db, axis.uid, doc.data()),
    })),
  );
}

/** A part of a conversation as a conversation of its own. The first part keeps the summary. */
function pieceOf(
  id: string,
  whole: Conversation,
  { items, startMs, endMs }: Component<TimedSegment>,
  isFirst: boolean,
) {
  const conversation: Conversation = {
    ...whole,
    ...(isFirst ? {} : { ...NO_SUMMARY, revision: 0 }),
    ...addTallies([tallyOf(items)]),
    startedAt: Timestamp.fromMillis(startMs),
    finishedAt: Timestamp.fromMillis(endMs),
  };
  return { id, conversation };
}

/** The change for a conversation that has lost all words: the user had deleted the speech at its new place. */
function goneFields(before: Conversation | undefined, nowMs: number) {
  const now = Timestamp.fromMillis(nowMs);
  return {
    ...NO_SUMMARY,
    ...addTallies([]),
    state: 'deleting',
    deletedAt: now,
    updatedAt: now,
    revision: (before?.revision ?? 0) + 1,
  } as const;
}
