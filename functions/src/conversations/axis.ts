/**
 * One device's time axis in Firestore, within a transaction: reads what is stored around some speech, and writes segments and
 * conversations. Used to add speech ({@link ConversationStore.prepare}) and to move it ({@link prepareMove}).
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentSnapshot, Firestore, QueryDocumentSnapshot, Transaction } from 'firebase-admin/firestore';
import type { Sounds } from '../jobs/sounds.ts';
import type { Assignment } from './assignment.ts';
import type { Interval } from './interval.ts';
import { boundariesOf, NO_BOUNDARIES, extendOverBridges } from './boundaries.ts';
import type { Boundaries } from './boundaries.ts';
import { conversationsEndingAfter, conversationsOf, pagesBetween, segmentPagesOf } from './collections.ts';
import { writeConversationFields } from './customData.ts';
import { pageId, segmentsIn, spokenWords, summaryOf } from './conversation.ts';
import type { Conversation, RecordedWord, SegmentPage, TimedSegment } from './conversation.ts';
import { deletedStretches } from './deletion.ts';
import { boundariesBetween, storedEdit } from './edits.ts';
import type { StoredEdit } from './edits.ts';
import { withoutRepeats } from './repeats.ts';
import { pageSegments } from './segments.ts';
import type { TimedPage } from './segments.ts';
import { addTallies, tallyOf } from './tally.ts';

/** Speech usually has one neighbour on each side. */
const NEIGHBOUR_PAGE = 4;

/**
 * The speech reaches a conversation whose deletion has begun and has not ended. Until it ends, the segments to delete cannot be told
 * from new ones: the caller finishes the deletion ({@link ConversationStore.finishDeletion}) and begins again.
 */
export class DeletionUnderWayError extends Error {
  override readonly name = 'DeletionUnderWayError';
  readonly uid: string;
  readonly conversationId: string;
  constructor(uid: string, conversationId: string) {
    super(`Conversation ${conversationId} is being deleted.`);
    this.uid = uid;
    this.conversationId = conversationId;
  }
}

/**
 * Runs a transaction. If an unfinished deletion is in its way, finishes the deletion and runs it again. @param run may throw
 * DeletionUnderWayError.
 */
export async function finishingDeletions<T>(
  conversations: { readonly finishDeletion: (uid: string, conversationId: string) => Promise<void> },
  run: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof DeletionUnderWayError)) throw error;
      await conversations.finishDeletion(error.uid, error.conversationId);
    }
  }
}

/** Where a result comes from. */
export interface SpeechSource {
  readonly jobId: string;
  readonly chunkId: string;
  /** The service or model that transcribed it. */
  readonly transcriber?: string | undefined;
}

export interface ConversationWrite {
  /** The job that brings the speech. */
  readonly jobId: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /**
   * Ids of conversations that have lost all their speech. A new conversation gets the first of these ids, which leaves the list, so
   * that links to it still lead to the same speech.
   */
  readonly unused?: string[];
  /** Parts that become part of the conversation and were never stored as conversations. */
  readonly unstored?: readonly Conversation[];
}

/** What is stored around a stretch of a device's time. */
export interface Surroundings {
  readonly near: readonly QueryDocumentSnapshot<Conversation>[];
  readonly boundaries: Boundaries;
}

export const NOTHING_NEAR: Surroundings = { near: [], boundaries: NO_BOUNDARIES };

export class DeviceAxis {
  readonly #db: Firestore;
  readonly uid: string;
  readonly deviceId: string;

  constructor(db: Firestore, uid: string, deviceId: string) {
    this.#db = db;
    this.uid = uid;
    this.deviceId = deviceId;
  }

  /** The pages of segments that are stored where these words are. */
  async pagesAround(tx: Transaction, words: readonly Interval[]): Promise<QueryDocumentSnapshot<SegmentPage>[]> {
    const reach = reachOf(words);
    if (reach === null) return [];
    return (await tx.get(pagesBetween(this.#db, { uid: this.uid, deviceId: this.deviceId, ...reach }))).docs;
  }

  /**
   * Filters words: returns those that are neither stored for the device nor deleted by its user.
   * @param stored the pages around them.
   * @param sounds tells whether two recordings that have the same word at the same time are the same sound.
   */
  async newWords(
    tx: Transaction,
    words: readonly RecordedWord[],
    stored: readonly SegmentPage[],
    sounds?: Sounds,
  ): Promise<readonly RecordedWord[]> {
    const reach = reachOf(words);
    if (reach === null) return words;
    const deleted = await deletedStretches(this.#db, { uid: this.uid, deviceId: this.deviceId, ...reach }, tx);
    return withoutRepeats(words, segmentsIn(stored).flatMap(spokenWords), deleted, sounds);
  }

  /**
   * The device's conversations that reach into (from, to), Unix milliseconds. They never overlap, so the order of their ends is
   * the order of their starts, and reading stops at the first that begins too late.
   * @throws DeletionUnderWayError
   */
  async neighbours(tx: Transaction, from: number, to: number): Promise<QueryDocumentSnapshot<Conversation>[]> {
    const found: QueryDocumentSnapshot<Conversation>[] = [];
    const query = conversationsEndingAfter(this.#db, this.uid, this.deviceId, from).limit(NEIGHBOUR_PAGE);
    for (let page = await tx.get(query); ;) {
      for (const doc of page.docs) {
        if (doc.data().startedAt.toMillis() >= to) return found;
        if (doc.data().state === 'deleting') throw new DeletionUnderWayError(this.uid, doc.id);
        found.push(doc);
      }
      const last = page.docs.at(-1);
      if (last === undefined || page.size < NEIGHBOUR_PAGE) return found;
      page = await tx.get(query.startAfter(last));
    }
  }

  /**
   * The conversations less than the gap away from a stretch, or from a bridge that reaches it, and the boundaries there.
   * @throws DeletionUnderWayError
   */
  async surroundings(tx: Transaction, reach: Interval, gapMs: number): Promise<Surroundings> {
    let span = { startMs: reach.startMs - gapMs, endMs: reach.endMs + gapMs };
    for (;;) {
      const [near, edits] = await Promise.all([
        this.neighbours(tx, span.startMs, span.endMs),
        this.boundaries(tx, span),
      ]);
      const boundaries = boundariesOf(edits);
      const wide = extendOverBridges(span, boundaries, gapMs);
      if (wide.startMs === span.startMs && wide.endMs === span.endMs) return { near, boundaries };
      span = wide;
    }
  }

  /** Splits and merges that reach into a stretch, including undone ones. Unix milliseconds. */
  async boundaries(tx: Transaction, reach: Interval): Promise<StoredEdit[]> {
    const query = boundariesBetween(this.#db, { uid: this.uid, deviceId: this.deviceId, ...reach });
    return (await tx.get(query)).docs.map(storedEdit);
  }

  /** Writes segments of one conversation, in pages. */
  writeSegments(tx: Transaction, source: SpeechSource, segments: readonly TimedSegment[]): void {
    for (const page of pageSegments(segments)) {
      const ref = segmentPagesOf(this.#db, this.uid).doc(pageId(this.deviceId, page));
      tx.set(ref, segmentPage(this.deviceId, source, page));
    }
  }

  /**
   * Writes a conversation as an assignment leaves it.
   * @param standing the conversations of the assignment before the new speech, by id.
   */
  writeConversation(
    tx: Transaction,
    { survivor, absorbed, startMs, endMs, incoming }: Assignment<TimedSegment>,
    standing: ReadonlyMap<string, Conversation>,
    { jobId, nowMs, unused = [], unstored = [] }: ConversationWrite,
  ): string {
    const now = Timestamp.fromMillis(nowMs);
    const collection = conversationsOf(this.#db, this.uid);
    const id = survivor ?? unused.shift() ?? collection.doc().id;
    const before = standing.get(id) ?? null;
    const survives = survivor === null ? null : before;
    const absorbs = absorbed.flatMap((each) => standing.get(each) ?? []);

    writeConversationFields(tx, collection.doc(id), {
      deviceId: this.deviceId,
      state: 'live',
      startedAt: Timestamp.fromMillis(startMs),
      finishedAt: Timestamp.fromMillis(endMs),
      ...summaryOf(before),
      ...addTallies([...(survives === null ? [] : [survives]), ...absorbs, ...unstored, tallyOf(incoming)]),
      mergedInto: null,
      deletedAt: null,
      revision: (before?.revision ?? 0) + 1,
      createdByJobId: before?.createdByJobId ?? jobId,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    });
    for (const each of absorbed) this.writeMerged(tx, each, standing.get(each), id, nowMs);
    return id;
  }

  /** Makes a conversation a tombstone that leads to another one. */
  writeMerged(tx: Transaction, id: string, before: Conversation | undefined, into: string, nowMs: number): void {
    tx.update(conversationsOf(this.#db, this.uid).doc(id), {
      state: 'merged',
      mergedInto: into,
      // The transcript belongs to another conversation now. A title left here would outlive the deletion of that one.
      title: null,
      overview: null,
      revision: (before?.revision ?? 0) + 1,
      updatedAt: Timestamp.fromMillis(nowMs),
    });
  }
}

/** A page as it is stored. */
export function segmentPage(
  deviceId: string,
  { jobId, chunkId, transcriber }: SpeechSource,
  segments: TimedPage,
): SegmentPage {
  const [{ recording, startMs }] = segments;
  return {
    deviceId,
    recordingId: recording.recordingId,
    recordingStartedAt: Timestamp.fromMillis(recording.startedAtMs),
    startedAt: Timestamp.fromMillis(startMs),
    endedAt: Timestamp.fromMillis(Math.max(...segments.map(({ endMs }) => endMs))),
    segments: segments.map(storedSegment),
    speakers: speakersOf(segments),
    ...(transcriber === undefined ? {} : { transcriber }),
    jobId,
    chunkId,
  };
}

/** The voices of a page, each once. */
export function speakersOf(segments: readonly { readonly speaker: number | null }[]): number[] {
  return [...new Set(segments.flatMap(({ speaker }) => speaker ?? []))];
}

function storedSegment({ startMs, endMs, text, speaker, confidence, language, words }: TimedSegment) {
  return {
    startedAt: Timestamp.fromMillis(startMs),
    endedAt: Timestamp.fromMillis(endMs),
    text,
    speaker,
    confidence,
    language,
    words: words.map((word) => ({
      text: word.text,
      fromMs: word.startMs - startMs,
      toMs: word.endMs - startMs,
      ...(word.language === language ? {} : { language: word.language }),
    })),
  };
}

/** The conversations of snapshots that exist, by id. */
export function byId(docs: readonly DocumentSnapshot<Conversation>[]): Map<string, Conversation> {
  return new Map(
    docs.flatMap((doc): [string, Conversation][] => {
      const conversation = doc.data();
      return conversation === undefined ? [] : [[doc.id, conversation]];
    }),
  );
}

/** From the first start to the last end of intervals in any order, in whole milliseconds; null without any. */
export function reachOf(intervals: readonly Interval[]): Interval | null {
  if (intervals.length === 0) return null;
  return {
    startMs: Math.floor(intervals.reduce((least, { startMs }) => Math.min(least, startMs), Infinity)),
    endMs: Math.ceil(intervals.reduce((most, { endMs }) => Math.max(most, endMs), -Infinity)),
  };
}

export function intervalOf(from: Timestamp, to: Timestamp): Interval {
  return { startMs: from.toMillis(), endMs: to.toMillis() };
}
