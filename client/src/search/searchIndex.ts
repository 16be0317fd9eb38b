/**
 * An index of everything that a user said, on the device. It is a list of blocks, which never change, and a table with the valid block
 * of each conversation. A conversation that is put again goes into the newest block, and its sentences in older blocks are ignored.
 */
import { packBlock } from './block.ts';
import type { BlockData } from './block.ts';
import { foldText } from './fold.ts';
import { addConversations, addMatches, matchesIn } from './matches.ts';
import type { SearchFilter } from './matches.ts';
import { Newest } from './newest.ts';
import type { Found } from './newest.ts';
import type { IndexedConversation, IndexedSentence, SearchStore, StoredBlock } from './searchStore.ts';
import { queryTokens, tokensOf } from './tokens.ts';
import type { QueryTokens } from './tokens.ts';

/** A sentence that matches. */
export interface SearchHit {
  readonly conversation: IndexedConversation;
  readonly sentence: IndexedSentence;
}

/** The values by which a search can be filtered. */
export interface SearchFacets {
  readonly speakers: readonly string[];
  readonly devices: readonly string[];
  readonly tags: readonly string[];
}

export interface SearchResult {
  /** The newest first, up to the limit. */
  readonly hits: readonly SearchHit[];
  /** How many there are. */
  readonly total: number;
}

/** The least sentences of a block: about 80,000 words, which are packed in a moment. */
const SEAL_AT = 2048;

/** The key of the tail: conversations that are in no block yet. */
const TAIL = 0;

/** A block in memory, with the conversations for which it is valid. */
interface OpenBlock {
  readonly key: number;
  readonly data: BlockData;
  /** When its last sentence begins, seconds since 1970. */
  readonly newestSecond: number;
}

function openBlock(key: number, data: BlockData): OpenBlock {
  return { key, data, newestSecond: data.seconds.reduce((most, second) => Math.max(most, second), 0) };
}

/** A conversation with the tokens of each of its sentences. */
interface TailEntry {
  readonly conversation: IndexedConversation;
  readonly tokens: readonly (readonly string[])[];
}

export class SearchIndex {
  readonly #store: SearchStore;
  readonly #blocks = new Map<number, OpenBlock>();
  /** The valid block of each conversation. */
  readonly #homes = new Map<string, number>();
  /** Conversations that are in no block yet. A block of them is made when the index is searched. */
  readonly #tail = new Map<string, TailEntry>();
  #tailBlock: BlockData | null = null;
  #tailSentences = 0;
  #nextKey = 1;

  private constructor(store: SearchStore) {
    this.#store = store;
  }

  /** Opens the index of a store. Texts are not read. */
  static async open(store: SearchStore): Promise<SearchIndex> {
    const index = new SearchIndex(store);
    for (const { key, data } of await store.blocks()) {
      index.#blocks.set(key, openBlock(key, data));
      index.#nextKey = Math.max(index.#nextKey, key + 1);
    }
    for (const { id, block } of await store.homes()) {
      if (block !== TAIL) index.#homes.set(id, block);
      else {
        const conversation = await store.conversation(id);
        if (conversation !== null) index.#addToTail(conversation);
      }
    }
    return index;
  }

  /** Number of conversations. */
  get size(): number {
    return this.#homes.size + this.#tail.size;
  }

  /** Bytes of the blocks in memory; texts are in the store. */
  get bytes(): number {
    return [...this.#blocks.values()].reduce((sum, { data }) => sum + bytesOf(data), 0);
  }

  /** The names, devices and tags of valid conversations, each once, in alphabetical order. */
  facets(): SearchFacets {
    const [speakers, devices, tags] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const { key, data } of this.#all()) {
      const found = new Set<number>();
      for (const [index, { id, deviceId, tags: own, first }] of data.conversations.entries()) {
        if (!this.#counts(id, key)) continue;
        devices.add(deviceId);
        for (const tag of own) tags.add(tag);
        const end = data.conversations[index + 1]?.first ?? data.sentenceCount;
        for (let ordinal = first; ordinal < end; ordinal++) found.add(data.speakerOf[ordinal] ?? 0);
      }
      for (const speaker of found) if (speaker > 0) speakers.add(data.speakers[speaker - 1] ?? '');
    }
    const sorted = (names: Iterable<string>): string[] => [...names].sort((a, b) => a.localeCompare(b));
    return { speakers: sorted(speakers), devices: sorted(devices), tags: sorted(tags) };
  }

  /** The conversation with speech of this device at a moment, Unix milliseconds; null if there is none. */
  conversationAt(deviceId: string, atMs: number): string | null {
    const second = Math.floor(atMs / 1000);
    let best: { readonly id: string; readonly second: number } | null = null;
    for (const { key, data } of this.#all()) {
      for (const { id, deviceId: device, first } of data.conversations) {
        const begins = data.seconds[first] ?? Number.POSITIVE_INFINITY;
        if (device !== deviceId || !this.#counts(id, key) || begins > second || (best !== null && begins < best.second))
          continue;
        best = { id, second: begins };
      }
    }
    return best?.id ?? null;
  }

  /** Adds or replaces conversations. Removes those without a sentence. */
  async put(conversations: readonly IndexedConversation[]): Promise<void> {
    const filled = conversations.filter(({ sentences }) => sentences.length > 0);
    await this.#store.put(filled.map((conversation) => ({ conversation, block: TAIL })));
    for (const conversation of filled) {
      this.#homes.delete(conversation.id);
      this.#addToTail(conversation);
    }
    await this.remove(conversations.filter(({ sentences }) => sentences.length === 0).map(({ id }) => id));
    if (this.#tailSentences >= SEAL_AT) await this.#seal();
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#store.remove(ids);
    for (const id of ids) {
      this.#homes.delete(id);
      this.#removeFromTail(id);
    }
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    await this.#store.clear();
    this.#blocks.clear();
    this.#homes.clear();
    this.#tail.clear();
    this.#tailBlock = null;
    this.#tailSentences = 0;
  }

  /**
   * Finds sentences with all words of a query. The last word may be the beginning of one. Words of a title count as part of the first
   * sentence. Without a query, finds each conversation that passes the filter, with its first sentence that does.
   * @param limit the most sentences that are returned
   */
  async search(query: string, filter: SearchFilter = {}, limit = 50): Promise<SearchResult> {
    const tokens = queryTokens(foldText(query));
    const hasWords = tokens.begun !== null || tokens.whole.length > 0;
    if (!hasWords && (query.trim() !== '' || Object.keys(filter).length === 0)) return { hits: [], total: 0 };
    const newest = new Newest(limit);
    for (const block of this.#all()) {
      if (hasWords) this.#searchBlock(block, tokens, filter, newest);
      else addConversations(block.data, { filter, counts: (id) => this.#counts(id, block.key), newest });
    }
    return { hits: await this.#read(newest.found), total: newest.total };
  }

  #searchBlock(block: OpenBlock, tokens: QueryTokens, filter: SearchFilter, newest: Newest): void {
    const { data } = block;
    const matches = matchesIn(data, tokens);
    if (matches === null) return;
    const counts = (id: string): boolean => this.#counts(id, block.key);
    // Most blocks are too old to be shown: their matches are only counted.
    const isCountedAlone = Object.keys(filter).length === 0 && newest.isFull(block.newestSecond);
    if (isCountedAlone && data.conversations.every(({ id }) => counts(id))) newest.total += matches.count;
    else addMatches(data, matches, { filter, counts, newest });
  }

  /** Whether a block is valid for a conversation. The tail always is. */
  #counts(id: string, key: number): boolean {
    return key === TAIL || this.#homes.get(id) === key;
  }

  async #read(found: readonly Found[]): Promise<SearchHit[]> {
    const ids = [...new Set(found.map(({ conversationId }) => conversationId))];
    const texts = new Map(await Promise.all(ids.map(async (id) => [id, await this.#conversation(id)] as const)));
    return found.flatMap(({ conversationId, index }) => {
      const conversation = texts.get(conversationId) ?? null;
      const sentence = conversation?.sentences[index];
      return conversation === null || sentence === undefined ? [] : [{ conversation, sentence }];
    });
  }

  async #conversation(id: string): Promise<IndexedConversation | null> {
    return this.#tail.get(id)?.conversation ?? this.#store.conversation(id);
  }

  /** All blocks, the newest first, beginning with the tail. */
  #all(): OpenBlock[] {
    this.#tailBlock ??= packTail([...this.#tail.values()]);
    return [openBlock(TAIL, this.#tailBlock), ...[...this.#blocks.values()].reverse()];
  }

  #addToTail(conversation: IndexedConversation): void {
    this.#removeFromTail(conversation.id);
    const said = conversation.sentences.map(({ text }) => tokensOf(foldText(text)));
    const title = tokensOf(foldText(conversation.title ?? ''));
    const tokens = said.map((own, index) => (index === 0 ? [...own, ...title] : own));
    this.#tail.set(conversation.id, { conversation, tokens });
    this.#tailSentences += conversation.sentences.length;
    this.#tailBlock = null;
  }

  #removeFromTail(id: string): void {
    const known = this.#tail.get(id);
    if (known === undefined) return;
    this.#tail.delete(id);
    this.#tailSentences -= known.tokens.length;
    this.#tailBlock = null;
  }

  /** Makes a block of the tail, and moves the valid conversations of mostly outdated blocks to the tail. */
  async #seal(): Promise<void> {
    const data = packTail([...this.#tail.values()]);
    const block: StoredBlock = { key: this.#nextKey++, data };
    const ids = data.conversations.map(({ id }) => id);
    await this.#store.seal(block, ids);
    this.#blocks.set(block.key, openBlock(block.key, data));
    for (const id of ids) this.#homes.set(id, block.key);
    this.#tail.clear();
    this.#tailSentences = 0;
    this.#tailBlock = null;
    await this.#compact();
  }

  async #compact(): Promise<void> {
    for (const { key, data } of [...this.#blocks.values()]) {
      const living = data.conversations.filter(({ id }) => this.#homes.get(id) === key);
      if (living.length > data.conversations.length / 2) continue;
      for (const { id } of living) {
        const conversation = await this.#store.conversation(id);
        this.#homes.delete(id);
        if (conversation !== null) this.#addToTail(conversation);
      }
      await this.#store.dissolve(
        key,
        living.map(({ id }) => id),
      );
      this.#blocks.delete(key);
    }
  }
}

function packTail(entries: readonly TailEntry[]): BlockData {
  return packBlock(
    entries.map(({ conversation: { id, deviceId, starred, tags, sentences }, tokens }) => ({
      ...{ id, deviceId, starred, tags },
      sentences: sentences.map(({ startedAt, speaker }, index) => ({
        startedAt,
        speaker,
        tokens: tokens[index] ?? [],
      })),
    })),
  );
}

function bytesOf({ seconds, speakerOf, terms, termStarts, postings, postingStarts }: BlockData): number {
  const arrays = [seconds, speakerOf, termStarts, postings, postingStarts];
  return terms.length * 2 + arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
