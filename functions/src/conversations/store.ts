/** Conversations and segments in Firestore. */
import { Timestamp } from 'firebase-admin/firestore';
import type {
  CollectionReference,
  DocumentSnapshot,
  Firestore,
  QueryDocumentSnapshot,
  Transaction,
} from 'firebase-admin/firestore';
import { assign } from './assignment.ts';
import type { Assignment } from './assignment.ts';
import { segmentId, summaryOf } from './conversation.ts';
import type { Conversation, Segment, TimedSegment } from './conversation.ts';
import { mostFrequent } from './segments.ts';

/** Speech usually has one neighbour on each side. */
const NEIGHBOUR_PAGE = 4;

/** Speech of one chunk, ready to be assigned. */
export interface NewSpeech {
  readonly uid: string;
  readonly deviceId: string;
  readonly jobId: string;
  readonly chunkId: string;
  /** In order of time. */
  readonly segments: readonly TimedSegment[];
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
   * Reads, within the transaction, what an assignment of this speech depends on.
   * @returns a function that writes segments and conversations and returns the ids of the conversations touched; call it
   * after the transaction's other reads. Reads: the conversations within the gap, however long the user's history is.
   */
  async prepare(tx: Transaction, speech: NewSpeech): Promise<() => string[]> {
    const { segments } = speech;
    const first = segments[0];
    if (first === undefined) return () => [];
    const from = first.startMs - this.#gapMs;
    const to = Math.max(...segments.map(({ endMs }) => endMs)) + this.#gapMs;
    const near = await this.#neighbours(tx, speech, from, to);
    const docs = new Map(near.map((doc) => [doc.id, doc]));
    const existing = near.map((doc) => ({
      id: doc.id,
      startMs: doc.data().startedAt.toMillis(),
      endMs: doc.data().finishedAt.toMillis(),
    }));
    const assignments = assign(existing, segments, this.#gapMs);
    return () => {
      for (const segment of segments) this.#writeSegment(tx, speech, segment);
      return assignments.map((assignment) => this.#writeConversation(tx, speech, assignment, docs));
    };
  }

  conversations(uid: string): CollectionReference<Conversation> {
    return this.#db.collection(`users/${uid}/conversations`) as CollectionReference<Conversation>;
  }

  segments(uid: string): CollectionReference<Segment> {
    return this.#db.collection(`users/${uid}/segments`) as CollectionReference<Segment>;
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
   * The device's live conversations that reach into (from, to), Unix milliseconds. They never overlap, so the order of their
   * ends is the order of their starts, and reading stops at the first that begins too late: the cost is what is found and
   * at most one page, whatever the length of the user's history.
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
      .where('state', '==', 'live')
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

  #writeSegment(tx: Transaction, { uid, deviceId, chunkId }: NewSpeech, segment: TimedSegment): void {
    tx.set(this.segments(uid).doc(segmentId(deviceId, segment)), {
      deviceId,
      startedAt: timestamp(segment.startMs),
      endedAt: timestamp(segment.endMs),
      text: segment.text,
      speaker: segment.speaker,
      confidence: segment.confidence,
      language: segment.language,
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
    const joined = [...(survives === null ? [] : [survives]), ...absorbs];

    tx.set(ref, {
      deviceId,
      state: 'live',
      startedAt: timestamp(startMs),
      finishedAt: timestamp(endMs),
      language: mostFrequent(incoming.map(({ language }) => language)) ?? survives?.language ?? null,
      ...summaryOf(survives),
      segmentCount: joined.reduce((sum, { segmentCount }) => sum + segmentCount, incoming.length),
      speechSeconds:
        joined.reduce((sum, { speechSeconds }) => sum + speechSeconds, 0) +
        incoming.reduce((sum, segment) => sum + (segment.endMs - segment.startMs) / 1000, 0),
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
        revision: (absorbs[index]?.revision ?? 0) + 1,
        updatedAt: now,
      });
    }
    return ref.id;
  }
}

function timestamp(ms: number): Timestamp {
  return Timestamp.fromMillis(Math.round(ms));
}
