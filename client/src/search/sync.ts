/** Updates an index with everything that has changed since its last update, deletions included. */
import {
  conversationChanges,
  conversationsPath,
  editChanges,
  editedConversation,
  editedSegments,
  instantOf,
  segmentsIn,
  transcriptOf,
  userPath,
} from 'offline-audio-sync-contract';
import type {
  ContentDeletion,
  ConversationDoc,
  Instant,
  ReadQuery,
  SegmentPageDoc,
  StoredEdit,
} from 'offline-audio-sync-contract';
import type { SearchIndex } from './searchIndex.ts';
import type { IndexedConversation, SearchStore } from './searchStore.ts';

/** A document from the app's Firestore SDK. */
export interface FoundDocument {
  readonly id: string;
  readonly data: unknown;
}

/** The part of Firestore that is needed. */
export interface SearchSource {
  /** The documents of a query, page by page. */
  pages(query: ReadQuery): AsyncIterable<readonly FoundDocument[]>;
  /** One document; null if there is none. */
  document(path: string): Promise<unknown>;
}

export interface SearchSyncOptions {
  readonly uid: string;
  readonly index: SearchIndex;
  readonly store: SearchStore;
  readonly source: SearchSource;
  /** Called with the number of conversations that were read or removed so far. */
  readonly onProgress?: (count: number) => void;
  readonly signal?: AbortSignal;
}

type Conversation = Pick<
  ConversationDoc,
  'deviceId' | 'state' | 'startedAt' | 'finishedAt' | 'title' | 'revision' | 'updatedAt'
>;

/** The time up to which changes were read, Unix milliseconds, and the revisions of the last changes, which may be read again. */
interface Cursor {
  readonly since: number;
  readonly recent: readonly (readonly [id: string, revision: number])[];
}

/** Transcripts that are read at once. */
const AT_ONCE = 8;
/** Changes whose revisions are remembered. */
const RECENT = 500;

/** @throws errors of the source and the store. What was done until then stays, and the next call continues from there. */
export async function syncSearchIndex(options: SearchSyncOptions): Promise<void> {
  const sync = new SearchSync(options);
  await sync.forgetDeleted();
  await sync.readEdits();
  await sync.readConversations();
}

class SearchSync {
  readonly #options: SearchSyncOptions;
  #edits: StoredEdit[] = [];
  #count = 0;

  constructor(options: SearchSyncOptions) {
    this.#options = options;
  }

  #isEnded(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** If everything was deleted since, here or on another device, deletes the index and reads everything again. */
  async forgetDeleted(): Promise<void> {
    const { uid, index, store, source } = this.#options;
    const user = (await source.document(userPath(uid))) as ContentDeletion | null;
    const deletedAt = user?.contentDeletedAt?.toMillis() ?? null;
    if (deletedAt === ((await store.note('contentDeletedAt')) ?? null)) return;
    await index.clear();
    await store.setNote('contentDeletedAt', deletedAt);
  }

  /** Reads edits. There are few, so all of them are kept, and conversations with a changed edit are read again. */
  async readEdits(): Promise<void> {
    const { uid, store, source } = this.#options;
    const known = new Map(((await store.note('edits')) ?? []) as [string, unknown][]);
    let since = ((await store.note('editsSince')) ?? null) as number | null;
    const changed: StoredEdit[] = [];
    for await (const page of source.pages(editChanges(uid, since === null ? null : instantOf(since)))) {
      if (this.#isEnded()) return;
      for (const { id, data } of page) {
        const edit = { ...(data as StoredEdit), id };
        const plain = withPlainTimes(edit);
        const isNew = JSON.stringify(known.get(id)) !== JSON.stringify(plain);
        known.set(id, plain);
        if (isNew) changed.push(edit);
        since = edit.updatedAt.toMillis();
      }
    }
    this.#edits = [...known.values()].map((plain) => withInstants(plain) as StoredEdit);
    await this.#rereadEdited(changed);
    // If it was ended in the middle, the next call reads these edits again.
    if (this.#isEnded()) return;
    await store.setNote('edits', [...known]);
    await store.setNote('editsSince', since);
  }

  async #rereadEdited(changed: readonly StoredEdit[]): Promise<void> {
    const { index, store, uid, source } = this.#options;
    if (changed.length === 0 || index.size === 0) return;
    const voices = new Set(
      changed.flatMap((edit) => (edit.kind === 'speaker' && edit.scope === 'everywhere' ? (edit.speaker ?? []) : [])),
    );
    const ids = new Set(voices.size === 0 ? [] : await store.idsOfVoices(voices));
    for (const { deviceId, startedAt } of changed) {
      const id = index.conversationAt(deviceId, startedAt.toMillis());
      if (id !== null) ids.add(id);
    }
    const found = await Promise.all(
      [...ids].map(async (id): Promise<[string, Conversation | null]> => [
        id,
        (await source.document(`${conversationsPath(uid)}/${id}`)) as Conversation | null,
      ]),
    );
    await this.#take(found.flatMap(([id, conversation]) => (conversation === null ? [] : [[id, conversation]])));
  }

  async readConversations(): Promise<void> {
    const { uid, store, source } = this.#options;
    const cursor = ((await store.note('conversations')) ?? null) as Cursor | null;
    const seen = new Map(cursor?.recent ?? []);
    const since = cursor === null ? null : instantOf(cursor.since);
    for await (const page of source.pages(conversationChanges(uid, since))) {
      if (this.#isEnded()) return;
      const changes = page
        .map(({ id, data }): [string, Conversation] => [id, data as Conversation])
        .filter(([id, { revision }]) => seen.get(id) !== revision);
      await this.#take(changes);
      if (this.#isEnded()) return;
      for (const [id, { revision }] of changes) {
        seen.delete(id);
        seen.set(id, revision);
      }
      const last = page.at(-1);
      if (last === undefined) continue;
      const next: Cursor = {
        since: (last.data as Conversation).updatedAt.toMillis(),
        recent: [...seen].slice(-RECENT),
      };
      await store.setNote('conversations', next);
    }
  }

  async #take(changes: readonly (readonly [string, Conversation])[]): Promise<void> {
    const { index, onProgress } = this.#options;
    const live = changes.filter(([, { state }]) => state === 'live');
    await index.remove(changes.filter(([, { state }]) => state !== 'live').map(([id]) => id));
    for (let from = 0; from < live.length && !this.#isEnded(); from += AT_ONCE) {
      const some = live.slice(from, from + AT_ONCE);
      await index.put(await Promise.all(some.map(([id, conversation]) => this.#read(id, conversation))));
      this.#count += some.length;
      onProgress?.(this.#count);
    }
  }

  async #read(id: string, conversation: Conversation): Promise<IndexedConversation> {
    const { uid, source } = this.#options;
    const pages: SegmentPageDoc[] = [];
    for await (const page of source.pages(transcriptOf(uid, conversation)))
      pages.push(...page.map(({ data }) => data as SegmentPageDoc));
    const segments = editedSegments(segmentsIn(pages), conversation, this.#edits);
    return {
      id,
      deviceId: conversation.deviceId,
      ...editedConversation(conversation, this.#edits),
      startedAt: conversation.startedAt.toMillis(),
      finishedAt: conversation.finishedAt.toMillis(),
      sentences: segments.map(({ startedAt, text, speaker, speakerName }) => ({
        startedAt: startedAt.toMillis(),
        text,
        speaker: speakerName,
        voice: speaker,
      })),
    };
  }
}

const isInstant = (value: unknown): value is Instant =>
  typeof value === 'object' && value !== null && 'toMillis' in value && typeof value.toMillis === 'function';

/** Replaces Timestamps, which belong to an SDK, because no store accepts them. */
function withPlainTimes(value: unknown): unknown {
  if (isInstant(value)) return { ms: value.toMillis() };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withPlainTimes(inner)]));
}

function withInstants(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('ms' in value && typeof value.ms === 'number') return instantOf(value.ms);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withInstants(inner)]));
}
