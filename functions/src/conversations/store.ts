/** Adds speech to the conversations and segments in Firestore. */
import type {
  CollectionReference,
  DocumentSnapshot,
  Firestore,
  QueryDocumentSnapshot,
  Transaction,
} from 'firebase-admin/firestore';
import { conversationsPath } from 'offline-audio-sync-contract';
import type { Sounds } from '../jobs/sounds.ts';
import { assign } from './assignment.ts';
import type { Interval } from './interval.ts';
import { byId, DeviceAxis, intervalOf, reachOf } from './axis.ts';
import type { SpeechSource } from './axis.ts';
import { conversationsOf, segmentPagesOf, unfinishedDeletions } from './collections.ts';
import type { Conversation, RecordedWord, SegmentPage } from './conversation.ts';
import { beginDeletion, finishDeletion } from './deletion.ts';
import { segmentWords } from './segments.ts';
import type { KeptAudio } from '../storage/keptAudio.ts';

/** The words of one chunk, ready to be assigned. */
export interface NewSpeech extends SpeechSource {
  readonly uid: string;
  readonly deviceId: string;
  /** The conversation that the upload named. */
  readonly targetId: string | null;
  /** In order of time. */
  readonly words: readonly RecordedWord[];
  /** The pages around the words, if the caller has read them: see {@link ConversationStore.pagesAround}. */
  readonly stored?: readonly SegmentPage[];
  /** The loudness of the words' audio, and of the stored audio at the same time. */
  readonly sounds?: Sounds;
}

export interface PreparedSpeech {
  /** The new words, in whole milliseconds: exactly those that the segments will have. */
  readonly words: readonly RecordedWord[];
  /** Writes segments and conversations; returns the ids of the conversations touched. Call it after all reads. */
  readonly write: () => string[];
}

export interface ConversationStoreOptions {
  /** See {@link ConversationStore.gapMs}. */
  readonly gapMs: number;
  /** Deletes the kept audio of deleted conversations. */
  readonly keptAudio: () => Pick<KeptAudio, 'delete'>;
  readonly now?: () => number;
}

export class ConversationStore {
  readonly #db: Firestore;
  /** The shortest pause in speech that separates two conversations, milliseconds. */
  readonly gapMs: number;
  readonly #now: () => number;
  readonly #keptAudio: () => Pick<KeptAudio, 'delete'>;

  constructor(db: Firestore, options: ConversationStoreOptions) {
    this.#db = db;
    this.gapMs = options.gapMs;
    this.#keptAudio = options.keptAudio;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Reads, within the transaction, what an assignment of this speech depends on. It reads by query, in the transaction that also
   * writes. Firestore's transactions are serialisable, queries included: so two tasks that add neighbouring speech at the same time
   * cannot both find nothing there.
   *
   * The cost does not depend on the length of the user's history. Reads: the pages of segments that reach into the chunk's time, the
   * deleted stretches, splits and merges there (a query that finds nothing counts as one read), the conversations within the gap and up
   * to four behind them; if the target was merged, also the target and its redirects. Writes: the new pages, each conversation touched,
   * each tombstone of a merge.
   * @throws DeletionUnderWayError
   */
  async prepare(tx: Transaction, speech: NewSpeech): Promise<PreparedSpeech> {
    const axis = new DeviceAxis(this.#db, speech.uid, speech.deviceId);
    const stored = speech.stored ?? (await this.pagesAround(tx, speech, speech.words));
    const words = await axis.newWords(tx, speech.words.map(inWholeMs), stored, speech.sounds);
    const reach = reachOf(words);
    if (reach === null) return { words, write: () => [] };

    const { near, boundaries } = await axis.surroundings(tx, reach, this.gapMs);
    const existing = near.map((doc) => ({ id: doc.id, ...intervalOf(doc.data().startedAt, doc.data().finishedAt) }));
    const preferred = near.length > 1 ? await this.#follow(tx, speech, near) : null;

    const segments = segmentWords(words, boundaries.cuts);
    const assignments = assign(existing, segments, this.gapMs, preferred, boundaries);
    const standing = byId(near);
    return {
      words,
      write: () => {
        for (const { incoming } of assignments) axis.writeSegments(tx, speech, incoming);
        const { jobId } = speech;
        return assignments.map((each) => axis.writeConversation(tx, each, standing, { jobId, nowMs: this.#now() }));
      },
    };
  }

  /** The stored pages of segments at the time of these words. */
  async pagesAround(
    tx: Transaction,
    { uid, deviceId }: Pick<NewSpeech, 'uid' | 'deviceId'>,
    words: readonly Interval[],
  ): Promise<SegmentPage[]> {
    const docs = await new DeviceAxis(this.#db, uid, deviceId).pagesAround(tx, words);
    return docs.map((doc) => doc.data());
  }

  conversations(uid: string): CollectionReference<Conversation> {
    return conversationsOf(this.#db, uid);
  }

  segmentPages(uid: string): CollectionReference<SegmentPage> {
    return segmentPagesOf(this.#db, uid);
  }

  /** The live conversations behind these ids: merges are followed, deleted conversations are left out. */
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

  /** Finishes a deletion that was begun. May be repeated, even by two callers at once. */
  async finishDeletion(uid: string, conversationId: string): Promise<void> {
    await finishDeletion(this.#db, uid, conversationId, {
      nowMs: this.#now(),
      // The sweeper deletes what cannot be deleted now.
      deleteAudio: async (paths) => {
        if (paths.length > 0)
          await this.#keptAudio()
            .delete(paths)
            .catch(() => undefined);
      },
    });
  }

  /** Deletions of all users that were begun and not finished. */
  async unfinishedDeletions(limit: number): Promise<{ readonly uid: string; readonly conversationId: string }[]> {
    const { docs } = await unfinishedDeletions(this.#db).limit(limit).get();
    return docs.flatMap(({ ref }) => {
      const uid = ref.parent.parent?.id ?? '';
      // An app may have a collection `conversations` of its own elsewhere.
      return ref.parent.path === conversationsPath(uid) ? [{ uid, conversationId: ref.id }] : [];
    });
  }

  /** The live conversation that the upload's target is now; null if there is no target, or it was deleted. */
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
}

/** Rounds times to whole milliseconds, which is how stored times are compared: a fraction would make equal times differ. */
function inWholeMs(word: RecordedWord): RecordedWord {
  return { ...word, startMs: Math.round(word.startMs), endMs: Math.round(word.endMs) };
}
