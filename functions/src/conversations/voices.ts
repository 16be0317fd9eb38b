/**
 * Finds the voice of each speaker label of a chunk. In each request a transcriber numbers speakers from 0; here each voice has one number
 * in all chunks that are linked. A link is speech that was transcribed twice: the context of a chunk is also part of the chunk before.
 * Chunks that nothing links never share a number.
 */
import { createHash } from 'node:crypto';
import { FieldValue } from 'firebase-admin/firestore';
import type { DocumentReference, DocumentSnapshot, Firestore, Transaction } from 'firebase-admin/firestore';
import { FIRST_VOICE } from 'offline-audio-sync-contract';
import { chunksBetween, chunksOf } from '../jobs/chunk.ts';
import type { ChunkDoc, VoiceTurn } from '../jobs/chunk.ts';
import { speakersOf } from './axis.ts';
import { pagesOfVoice } from './collections.ts';
import { placeKey, segmentsIn, spokenWords } from './conversation.ts';
import type { RecordedWord, SegmentPage } from './conversation.ts';
import { editsOfVoice } from './edits.ts';
import { placeOf } from './storedPages.ts';

/** A recording of a run may begin this long before the end of the one before it, milliseconds. */
const OVERLAP_MS = 2000;

export interface VoicesRequest {
  readonly uid: string;
  readonly jobId: string;
  readonly chunkId: string;
  readonly deviceId: string;
  /** The words of the context, with the labels of this request; empty if there is no context. */
  readonly context: readonly RecordedWord[];
  /** The words of the chunk, in order of time, with the same labels. */
  readonly words: readonly RecordedWord[];
  /** The pages that are stored around them. */
  readonly stored: readonly SegmentPage[];
  /** Where the chunk ends, Unix milliseconds: the next one begins behind it. */
  readonly endMs: number;
  readonly gapMs: number;
  /** Whether chunks have a context. If not, no links are searched. */
  readonly areLinked: boolean;
}

export interface PreparedVoices {
  /** The words of the chunk with the numbers of their voices. */
  readonly words: readonly RecordedWord[];
  /** Who speaks when in the context, for the chunk before this one, if its result comes later. */
  readonly context: readonly VoiceTurn[];
  /** Gives voices that had two numbers one of them. Call it after all reads. */
  readonly write: () => void;
}

/**
 * Reads, within a transaction, what links a chunk to its neighbours. If a neighbour has no result yet, the link is made when its result
 * is stored.
 */
export async function prepareVoices(tx: Transaction, db: Firestore, request: VoicesRequest): Promise<PreparedVoices> {
  const { words, context, chunkId } = request;
  const turns = turnsOf(words);
  const turnsBefore = turnsOf(context);
  if (turns.length === 0 && turnsBefore.length === 0) return { words, context: [], write: () => undefined };

  const before = request.areLinked ? turnsAt(request) : [];
  const after = request.areLinked ? await turnsOfNext(tx, db, request) : [];
  const earlier = matchSpeakers(turnsBefore, before);
  const later = matchSpeakers(turns, after);
  const numbers = new Map<number, number>();
  const taken = new Set(earlier.values());
  for (const { speaker } of [...turnsBefore, ...turns]) {
    if (numbers.has(speaker)) continue;
    const known = earlier.get(speaker);
    const next = later.get(speaker);
    const number = known ?? (next !== undefined && !taken.has(next) ? next : voiceNumber(chunkId, speaker));
    numbers.set(speaker, number);
    taken.add(number);
  }

  const renames = new Map<number, number>();
  for (const [speaker, next] of later) {
    const number = numbers.get(speaker);
    if (number !== undefined && number !== next && ![...earlier.values()].includes(next)) renames.set(next, number);
  }
  const write = await prepareRenames(tx, db, request.uid, renames);
  const numbered = <T extends { readonly speaker: number | null }>(each: T): T =>
    each.speaker === null ? each : { ...each, speaker: numbers.get(each.speaker) ?? null };
  return {
    words: words.map(numbered),
    context: turnsBefore.map(numbered),
    write,
  };
}

/**
 * A number that no other voice has. It is derived from the place where the voice was first detected, so a repetition gives the same
 * number.
 */
export function voiceNumber(chunkId: string, label: number): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([chunkId, label]))
    .digest();
  return FIRST_VOICE + hash.readUIntBE(0, 6);
}

/**
 * Matches labels with known voices: each label gets the voice with which it shares most time. A voice matches one label at most. A
 * label that shares less than half of its matched time with one voice matches none.
 */
export function matchSpeakers(turns: readonly VoiceTurn[], known: readonly VoiceTurn[]): Map<number, number> {
  const shared = new Map<string, { label: number; number: number; ms: number }>();
  const total = new Map<number, number>();
  for (const mine of turns) {
    for (const theirs of known) {
      if (mine.recordingId !== theirs.recordingId) continue;
      const ms = Math.min(mine.toMs, theirs.toMs) - Math.max(mine.fromMs, theirs.fromMs);
      if (ms <= 0) continue;
      const key = `${mine.speaker} ${theirs.speaker}`;
      const pair = shared.get(key) ?? { label: mine.speaker, number: theirs.speaker, ms: 0 };
      pair.ms += ms;
      shared.set(key, pair);
      total.set(mine.speaker, (total.get(mine.speaker) ?? 0) + ms);
    }
  }
  const matched = new Map<number, number>();
  const taken = new Set<number>();
  for (const { label, number, ms } of [...shared.values()].sort((a, b) => b.ms - a.ms)) {
    if (matched.has(label) || taken.has(number) || 2 * ms < (total.get(label) ?? 0)) continue;
    matched.set(label, number);
    taken.add(number);
  }
  return matched;
}

function turnsOf(words: readonly Pick<RecordedWord, 'recording' | 'startMs' | 'endMs' | 'speaker'>[]): VoiceTurn[] {
  return words.flatMap(({ recording, startMs, endMs, speaker }) => {
    if (speaker === null) return [];
    const { recordingId, startedAtMs } = recording;
    return [{ recordingId, fromMs: startMs - startedAtMs, toMs: endMs - startedAtMs, speaker }];
  });
}

/** Who is known to speak in the context. */
function turnsAt({ context, stored }: VoicesRequest): VoiceTurn[] {
  const places = new Set(context.map(({ recording }) => placeKey(recording)));
  return turnsOf(
    segmentsIn(stored)
      .filter((segment) => places.has(placeKey(placeOf(segment))))
      .flatMap(spokenWords),
  );
}

/** The voices that chunks behind this one, if their results came first, have found in their contexts. */
async function turnsOfNext(
  tx: Transaction,
  db: Firestore,
  { jobId, deviceId, endMs, gapMs }: VoicesRequest,
): Promise<VoiceTurn[]> {
  const query = chunksBetween(db, jobId, endMs - OVERLAP_MS, endMs + gapMs);
  return (await tx.get(query)).docs.flatMap((doc) => (doc.data().deviceId === deviceId ? doc.data().context : []));
}

/** The new number of a voice, by its old one. */
type Renames = ReadonlyMap<number, number>;

/**
 * Prepares to replace numbers of voices that turned out to be the same voice, in everything that has them, including names that a user
 * gave. A page may have several such voices, so each document is written once with all its changes.
 */
async function prepareRenames(tx: Transaction, db: Firestore, uid: string, renames: Renames): Promise<() => void> {
  const affected = await Promise.all(
    [...renames].map(async ([from, to]) => {
      const [pages, named] = await Promise.all([
        tx.get(pagesOfVoice(db, uid, from)),
        tx.get(editsOfVoice(db, uid, from)),
      ]);
      return { to, pages: pages.docs, named: named.docs };
    }),
  );
  const docs = new Map(affected.flatMap(({ pages }) => pages).map((doc) => [doc.ref.path, doc]));
  const refs = new Map<string, DocumentReference<ChunkDoc>>();
  for (const doc of docs.values()) {
    const { jobId, chunkId } = doc.data();
    const ref = chunksOf(db, jobId).doc(chunkId);
    refs.set(ref.path, ref);
  }
  const chunks = refs.size === 0 ? [] : await tx.getAll(...refs.values());
  return () => {
    for (const doc of docs.values()) {
      const segments = doc.data().segments.map((segment) => renamed(segment, renames));
      tx.update(doc.ref, { segments, speakers: speakersOf(segments) });
    }
    for (const doc of chunks) renameIn(tx, doc, renames);
    for (const { to, named } of affected)
      for (const { ref } of named) tx.update(ref, { speaker: to, updatedAt: FieldValue.serverTimestamp() });
  };
}

/** A chunk may be gone with its job. */
function renameIn(tx: Transaction, doc: DocumentSnapshot<ChunkDoc>, renames: Renames): void {
  const chunk = doc.data();
  if (chunk === undefined) return;
  const { words, context } = chunk;
  tx.update(doc.ref, {
    words: words.map((word) => renamed(word, renames)),
    context: context.map((turn) => renamed(turn, renames)),
  });
}

function renamed<T extends { readonly speaker: number | null }>(each: T, renames: Renames): T {
  const to = each.speaker === null ? undefined : renames.get(each.speaker);
  return to === undefined ? each : { ...each, speaker: to };
}
