/** Search in everything that was said: the client library's index, for the screens. Loaded by who searches. */
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
  /** What is there can be searched; so many conversations were read since it began. */
  | { readonly kind: 'reading'; readonly count: number }
  | { readonly kind: 'ready' }
  /** What was read before can be searched. It is tried again by itself. */
  | { readonly kind: 'failed'; readonly error: Error };

/** This page, among all tabs that share what is on the device. */
const TAB = randomId();

export class Finder {
  readonly #uid: string;
  readonly #over = new AbortController();
  readonly #state = signal<FinderState>({ kind: 'opening' });
  readonly #refresher: Refresher;
  /** Replaced where another tab has written since. */
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
    // What failed without a network may work now.
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

  /** Reads what changed since the last time. Never rejects: what went wrong is in the state. */
  refresh(): Promise<void> {
    return this.#refresher.refresh();
  }

  async #refresh(): Promise<void> {
    const { signal: over } = this.#over;
    // One tab writes at a time; meanwhile the others search what they opened, and then read what is new.
    const { locks } = navigator as Partial<Navigator>;
    if (locks === undefined) await this.#sync();
    else await locks.request(`search/${this.#uid}`, { signal: over }, () => this.#sync());
    if (!over.aborted) this.#state.value = { kind: 'ready' };
  }

  async #sync(): Promise<void> {
    const { store } = await this.#open();
    if ((await store.note('writer')) !== TAB) {
      // Another tab may have written since this one read it.
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

  /** Reads nothing any more. Its database closes when it is deleted. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#refresher.ended();
  }
}

/** What was read goes from this browser. */
export const forgetIndex = deleteSearchStore;
