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
import { connect } from '../firebase/store.ts';
import { randomId } from '../randomId.ts';

export type FinderState =
  | { readonly kind: 'opening' }
  /** What is there can be searched; so many conversations were read since it began. */
  | { readonly kind: 'reading'; readonly count: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: Error };

/** This page, among all tabs that share what is on the device. */
const TAB = randomId();

export class Finder {
  readonly #uid: string;
  readonly #over = new AbortController();
  readonly #state = signal<FinderState>({ kind: 'opening' });
  #opened: Promise<{ store: SearchStore; index: SearchIndex }> | null = null;
  #running: Promise<void> | null = null;
  /** Whether something has changed since the refresh that is running began. */
  #isDue = false;

  constructor(uid: string) {
    this.#uid = uid;
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
    this.#isDue = true;
    this.#running ??= this.#refreshWhileDue();
    return this.#running;
  }

  async #refreshWhileDue(): Promise<void> {
    while (this.#isDue && !this.#over.signal.aborted) {
      this.#isDue = false;
      try {
        await this.#refresh();
      } catch (error) {
        this.#state.value = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
    this.#running = null;
  }

  async #refresh(): Promise<void> {
    await this.#open();
    if (!navigator.onLine) {
      this.#state.value = { kind: 'ready' };
      return;
    }
    // One tab writes; the others search what they opened.
    const { locks } = navigator as Partial<Navigator>;
    if (locks === undefined) await this.#sync();
    else
      await locks.request(`search/${this.#uid}`, { ifAvailable: true }, async (lock) => {
        if (lock !== null) await this.#sync();
      });
    if (!this.#over.signal.aborted) this.#state.value = { kind: 'ready' };
  }

  async #sync(): Promise<void> {
    const { store } = await this.#open();
    if ((await store.note('writer')) !== TAB) {
      // Another tab may have written since this one read it.
      this.#opened = SearchIndex.open(store).then((index) => ({ store, index }));
      await store.setNote('writer', TAB);
    }
    const { index } = await this.#open();
    const { db } = await connect();
    await syncSearchIndex({
      uid: this.#uid,
      index,
      store,
      source: firestoreSource(db),
      signal: this.#over.signal,
      onProgress: (count) => {
        this.#state.value = { kind: 'reading', count };
      },
    });
  }

  #open(): Promise<{ store: SearchStore; index: SearchIndex }> {
    this.#opened ??= indexedDbSearchStore(this.#uid).then(async (store) => ({
      store,
      index: await SearchIndex.open(store),
    }));
    return this.#opened;
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#running;
    if (this.#opened !== null) await (await this.#opened).store.close();
  }
}

/** What was read goes from this browser. */
export const forgetIndex = deleteSearchStore;
