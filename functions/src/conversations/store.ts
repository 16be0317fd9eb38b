/** Conversations and segments in Firestore: how speech gets into them. */
import { Timestamp } from 'firebase-admin/firestore';
import type {
  CollectionReference,
  DocumentSnapshot,
  Firestore,
  QueryDocumentSnapshot,
  Transaction,
} from 'firebase-admin/firestore';
import { assign } from './assignment.ts';
import type { Assignment, Interval } from './assignment.ts';
import { conversationsOf, deletedSpeechOf, segmentsOf, unfinishedDeletions } from './collections.ts';
import { segmentId, summaryOf } from './conversation.ts';
import type { Conversation, Segment, TimedSegment, TimedWord } from './conversation.ts';
import { beginDeletion, finishDeletion, LONGEST_STRETCH_MS } from './deletion.ts';
import { withoutRepeats } from './repeats.ts';
import { LONGEST_SEGMENT_MS, segmentWords } from './segments.ts';
import { addTallies, tallyOf } from './tally.ts';

/** Speech usually has one neighbour on each side. */
const NEIGHBOUR_PAGE = 4;

/** What one chunk said, ready to be assigned. */
export interface NewSpeech {
  readonly uid: string;
  readonly deviceId: string;
  readonly jobId: string;
  readonly chunkId: string;
  /** What heard it. */
  readonly transcriber: string;
  /** The conversation that the upload named. */
  readonly targetId: string | null;
  /** In order of time. */
  readonly words: readonly TimedWord[];
}

export interface PreparedSpeech {
  /** The words that are new, in whole milliseconds: exactly those that the segments will hold. */
  readonly words: readonly TimedWord[];
  /** Writes segments and conversations; returns the ids of the conversations touched. Call it after all reads. */
  readonly write: () => string[];
}

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

export class ConversationStore {
  readonly #db: Firestore;
  readonly #gapMs: number;
  readonly #now: () => number;

  constructor(db: Firestore, options: { gapMs: number; now?: () => number }) {
    this.#db = db;
    this.#gapMs = options.gapMs;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Reads, within the transaction, what an assignment of this speech depends on. Everything that decides is read by query in
   * the transaction that writes, and Firestore's transactions are serialisable, queries included: two tasks that bring
   * neighbouring speech at once cannot both find nothing there.
   *
   * Cost, whatever the length of the user's history. Reads: the segments that begin in the chunk's time or up to a minute
   * before (three queries at least count one each when they find nothing), the stretches deleted there, the conversations
   * within the gap and at most {@link NEIGHBOUR_PAGE} behind them; with a target and a merge, the target and the
   * redirects that lead on from it. Writes: the new segments, each conversation touched, each tombstone of a merge.
   * @throws DeletionUnderWayError
   */
  async prepare(tx: Transaction, speech: NewSpeech): Promise<PreparedSpeech> {
    const words = await this.#newWords(tx, speech, speech.words.map(inWholeMs));
    const reach = wordsInterval(words);
    if (reach === null) return { words, write: () => [] };

    const near = await this.#neighbours(tx, speech, reach.startMs - this.#gapMs, reach.endMs + this.#gapMs);
    const deleting = near.find((doc) => doc.data().state === 'deleting');
    if (deleting !== undefined) throw new DeletionUnderWayError(speech.uid, deleting.id);
    const existing = near.map((doc) => ({ id: doc.id, ...intervalOf(doc.data().startedAt, doc.data().finishedAt) }));
    const preferred = near.length > 1 ? await this.#follow(tx, speech, near) : null;

    const segments = segmentWords(words);
    const assignments = assign(existing, segments, this.#gapMs, preferred);
    const docs = new Map(near.map((doc) => [doc.id, doc]));
    return {
      words,
      write: () => {
        for (const segment of segments) this.#writeSegment(tx, speech, segment);
        return assignments.map((assignment) => this.#writeConversation(tx, speech, assignment, docs));
      },
    };
  }

  conversations(uid: string): CollectionReference<Conversation> {
    return conversationsOf(this.#db, uid);
  }

  segments(uid: string): CollectionReference<Segment> {
    return segmentsOf(this.#db, uid);
  }

  /** The live conversations that these ids stand for now: merged ones are followed, deleted ones left out. */
  async resolve(uid: string, ids: readonly string[]): Promise<Map<string, Conversation>> {
    const live = new Map<string, Conversation>();
    let open = [...new Set(ids)];
    while (open.length > 0) {
      const docs = await this.#db.getAll(...open.map((id) => this.conversations(uid).doc(id)));
      open = [];
      for (const doc of docs as DocumentSnapshot<Conversation>[]) {
        const conversation = doc.data();
        if (conversation?.state === 'live') live.set(doc.id, conversation);
        else if (conversation?.state === 'merged' && conversation.mergedInto !== null)
          open.push(conversation.mergedInto);
      }
    }
    return live;
  }

  /**
   * Deletes a conversation. A second call changes nothing.
   * @throws AppError `conversation_not_found`; `conversation_merged`.
   */
  async delete(uid: string, conversationId: string): Promise<void> {
    await beginDeletion(this.#db, uid, conversationId, this.#now());
    await this.finishDeletion(uid, conversationId);
  }

  /** Finishes a deletion that was begun. Callers may repeat it, and two may do it at the same time. */
  async finishDeletion(uid: string, conversationId: string): Promise<void> {
    await finishDeletion(this.#db, uid, conversationId, this.#now());
  }

  /** Deletions that were begun and not brought to their end, of all users. */
  async unfinishedDeletions(limit: number): Promise<{ readonly uid: string; readonly conversationId: string }[]> {
    const { docs } = await unfinishedDeletions(this.#db).limit(limit).get();
    return docs.flatMap(({ ref }) => {
      const user = ref.parent.parent;
      return user === null ? [] : [{ uid: user.id, conversationId: ref.id }];
    });
  }

  /** The words that are neither stored for the device already nor deleted by its user. */
  async #newWords(
    tx: Transaction,
    { uid, deviceId }: NewSpeech,
    words: readonly TimedWord[],
  ): Promise<readonly TimedWord[]> {
    const reach = wordsInterval(words);
    if (reach === null) return words;
    const to = Timestamp.fromMillis(reach.endMs);
    const [stored, deleted] = await Promise.all([
      tx.get(
        this.segments(uid)
          .where('deviceId', '==', deviceId)
          .where('startedAt', '>=', Timestamp.fromMillis(reach.startMs - LONGEST_SEGMENT_MS))
          .where('startedAt', '<=', to)
          .orderBy('startedAt'),
      ),
      tx.get(
        deletedSpeechOf(this.#db, uid)
          .where('deviceId', '==', deviceId)
          .where('startedAt', '>=', Timestamp.fromMillis(reach.startMs - LONGEST_STRETCH_MS))
          .where('startedAt', '<=', to)
          .orderBy('startedAt'),
      ),
    ]);
    return withoutRepeats(
      words,
      stored.docs.flatMap((doc) => wordsOf(doc.data())),
      deleted.docs.map((doc) => intervalOf(doc.data().startedAt, doc.data().endedAt)),
    );
  }

  /**
   * The device's conversations, live or being deleted, that reach into (from, to), Unix milliseconds. They never overlap, so
   * the order of their ends is the order of their starts, and reading stops at the first that begins too late.
   */
  async #neighbours(
    tx: Transaction,
    { uid, deviceId }: NewSpeech,
    from: number,
    to: number,
  ): Promise<QueryDocumentSnapshot<Conversation>[]> {
    const found: QueryDocumentSnapshot<Conversation>[] = [];
    const query = this.conversations(uid)
      .where('deviceId', '==', deviceId)
      .where('state', 'in', ['live', 'deleting'])
      .where('finishedAt', '>', Timestamp.fromMillis(from))
      .orderBy('finishedAt')
      .limit(NEIGHBOUR_PAGE);
    for (let page = await tx.get(query); ;) {
      for (const doc of page.docs) {
        if (doc.data().startedAt.toMillis() >= to) return found;
        found.push(doc);
      }
      const last = page.docs.at(-1);
      if (last === undefined || page.size < NEIGHBOUR_PAGE) return found;
      page = await tx.get(query.startAfter(last));
    }
  }

  /** The conversation that the upload's target is now; null without one, or when it was deleted. */
  async #follow(
    tx: Transaction,
    { uid, targetId }: NewSpeech,
    near: readonly QueryDocumentSnapshot<Conversation>[],
  ): Promise<string | null> {
    let id = targetId;
    while (id !== null && !near.some((doc) => doc.id === id)) {
      const conversation = (await tx.get(this.conversations(uid).doc(id))).data();
      id = conversation?.mergedInto ?? null;
    }
    return id;
  }

  #writeSegment(
    tx: Transaction,
    { uid, deviceId, jobId, chunkId, transcriber }: NewSpeech,
    segment: TimedSegment,
  ): void {
    tx.set(this.segments(uid).doc(segmentId(deviceId, segment)), {
      deviceId,
      startedAt: Timestamp.fromMillis(segment.startMs),
      endedAt: Timestamp.fromMillis(segment.endMs),
      text: segment.text,
      speaker: segment.speaker,
      confidence: segment.confidence,
      language: segment.language,
      words: segment.words.map(({ text, startMs, endMs }) => ({
        text,
        fromMs: startMs - segment.startMs,
        toMs: endMs - segment.startMs,
      })),
      transcriber,
      jobId,
      chunkId,
    });
  }

  #writeConversation(
    tx: Transaction,
    { uid, deviceId, jobId }: NewSpeech,
    { survivor, absorbed, startMs, endMs, incoming }: Assignment<TimedSegment>,
    docs: ReadonlyMap<string, DocumentSnapshot<Conversation>>,
  ): string {
    const now = Timestamp.fromMillis(this.#now());
    const collection = this.conversations(uid);
    const ref = survivor === null ? collection.doc() : collection.doc(survivor);
    const survives = survivor === null ? null : (docs.get(survivor)?.data() ?? null);
    const absorbs = absorbed.flatMap((id) => docs.get(id)?.data() ?? []);

    tx.set(ref, {
      deviceId,
      state: 'live',
      startedAt: Timestamp.fromMillis(startMs),
      finishedAt: Timestamp.fromMillis(endMs),
      ...summaryOf(survives),
      ...addTallies([...(survives === null ? [] : [survives]), ...absorbs, tallyOf(incoming)]),
      mergedInto: null,
      deletedAt: null,
      revision: (survives?.revision ?? 0) + 1,
      createdByJobId: survives?.createdByJobId ?? jobId,
      createdAt: survives?.createdAt ?? now,
      updatedAt: now,
    });
    for (const [index, id] of absorbed.entries()) {
      tx.update(collection.doc(id), {
        state: 'merged',
        mergedInto: ref.id,
        // What it said of a transcript that is another's now would outlive that one's deletion.
        title: null,
        overview: null,
        revision: (absorbs[index]?.revision ?? 0) + 1,
        updatedAt: now,
      });
    }
    return ref.id;
  }
}

/** Firestore's Timestamps are shown and compared in milliseconds here: a fraction would make equal times differ. */
function inWholeMs(word: TimedWord): TimedWord {
  return { ...word, startMs: Math.round(word.startMs), endMs: Math.round(word.endMs) };
}

/** From the first start to the last end; null without words. */
function wordsInterval(words: readonly TimedWord[]): Interval | null {
  const first = words[0];
  if (first === undefined) return null;
  return { startMs: first.startMs, endMs: words.reduce((end, { endMs }) => Math.max(end, endMs), first.endMs) };
}

function intervalOf(from: Timestamp, to: Timestamp): Interval {
  return { startMs: from.toMillis(), endMs: to.toMillis() };
}

function wordsOf({ startedAt, words }: Segment) {
  const startMs = startedAt.toMillis();
  return words.map(({ text, fromMs, toMs }) => ({ text, startMs: startMs + fromMs, endMs: startMs + toMs }));
}
