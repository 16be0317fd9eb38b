/** Searches all conversations with the client library's index. It is loaded when the user searches. */
import { signal, type ReadonlySignal } from '@preact/signals';
import {
  deleteSearchStore,
  firestoreSource,
  indexedDbSearchStore,
  SearchIndex,
  syncSearchIndex,
  type SearchFilter,
  type SearchResult,
  type SearchStore,
} from 'offline-audio-sync-client/search';
import { connectUncached } from '../firebase/uncached.ts';
import { once } from '../once.ts';
import { randomId } from '../randomId.ts';
import { Refresher } from './refresher.ts';

export type FinderState =
  | { readonly kind: 'opening' }
  /** What was read so far can be searched; `count` conversations were read since the beginning. */
  | { readonly kind: 'reading'; readonly count: number }
  | { readonly kind: 'ready' }
  /** What was read before can be searched. Reading is retried automatically. */
  | { readonly kind: 'failed'; readonly error: Error };

/** Identifies this page among all tabs that share the index on this device. */
const TAB = randomId();

export class Finder {
  readonly #uid: string;
  readonly #over = new AbortController();
  readonly #state = signal<FinderState>({ kind: 'opening' });
  readonly #refresher: Refresher;
  /** Replaced if another tab has written since it was opened. */
  #open: () => Promise<{ readonly store: SearchStore; readonly index: SearchIndex }>;

  constructor(uid: string) {
    this.#uid = uid;
    this.#open = once(async () => this.#read(await indexedDbSearchStore(uid)));
    this.#refresher = new Refresher({
      work: () => this.#refresh(),
      onFailure: (error) => {
        this.#state.value = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
      },
      signal: this.#over.signal,
    });
    // A request that failed without a network may succeed now.
    const retry = (): void => {
      if (this.#state.value.kind === 'failed') void this.refresh();
    };
    addEventListener('online', retry, { signal: this.#over.signal });
  }

  get state(): ReadonlySignal<FinderState> {
    return this.#state;
  }

  async search(query: string, filter: SearchFilter, limit: number): Promise<SearchResult> {
    return (await this.#open()).index.search(query, filter, limit);
  }

  async facets(): Promise<ReturnType<SearchIndex['facets']>> {
    return (await this.#open()).index.facets();
  }

  /** Reads what has changed since the last time. Never rejects: errors are in the state. */
  refresh(): Promise<void> {
    return this.#refresher.refresh();
  }

  async #refresh(): Promise<void> {
    const { signal: over } = this.#over;
    // One tab writes at a time. Meanwhile the others search the index that they opened, and read the new entries afterwards.
    const { locks } = navigator as Partial<Navigator>;
    if (locks === undefined) await this.#sync();
    else await locks.request(`search/${this.#uid}`, { signal: over }, () => this.#sync());
    if (!over.aborted) this.#state.value = { kind: 'ready' };
  }

  async #sync(): Promise<void> {
    const { store } = await this.#open();
    if ((await store.note('writer')) !== TAB) {
      // Another tab may have written since this one opened the index.
      this.#open = once(() => this.#read(store));
      await store.setNote('writer', TAB);
    }
    const { index } = await this.#open();
    await syncSearchIndex({
      uid: this.#uid,
      index,
      store,
      source: firestoreSource(await connectUncached()),
      signal: this.#over.signal,
      onProgress: (count) => {
        this.#state.value = { kind: 'reading', count };
      },
    });
  }

  async #read(store: SearchStore): Promise<{ readonly store: SearchStore; readonly index: SearchIndex }> {
    return { store, index: await SearchIndex.open(store) };
  }

  /** Stops reading. Its database is closed when it is deleted. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#refresher.ended();
  }
}

/** Deletes the index from this browser. */
export const forgetIndex = deleteSearchStore;
