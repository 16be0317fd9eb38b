/** Several contexts on one store: tabs of a browser, with its lock and its channel between them. */
import { createSyncClient } from '../../src/client.ts';
import type { SyncClient } from '../../src/client.ts';
import { memoryStore } from '../../src/memory.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import { LeaseLostError } from '../../src/store.ts';
import type { Lease, RecordingStore } from '../../src/store.ts';
import type { World } from './world.ts';

export class Tabs {
  readonly disk = memoryStore();
  readonly errors: unknown[] = [];
  readonly #world: World;
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Map<RecordingStore, () => void>();
  #owner: AbortSignal | null = null;
  /** Aborting this tells the working tab that another one has taken over. */
  #lost = new AbortController();
  #token = '';
  #leases = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Freezes the working tab, and a waiting one takes over.
   * @returns a function that lets the first tab continue and learn of it
   */
  takeOver(): () => void {
    const lost = this.#lost;
    this.#owner = null;
    for (const go of this.#waiting.splice(0)) go();
    return () => {
      lost.abort();
    };
  }

  open(options: Partial<SyncClientOptions> = {}): SyncClient {
    const client = createSyncClient({
      store: this.#store(),
      backend: this.#world.server.backend,
      clock: this.#world.clock,
      fetch: this.#world.server.fetch,
      gatherMs: 0,
      random: () => 0.5,
      ...options,
    });
    client.on('error', (error) => this.errors.push(error));
    return client;
  }

  #store(): RecordingStore {
    const { disk } = this;
    const telling = async (work: Promise<void>): Promise<void> => {
      await work;
      for (const [other, listener] of this.#listeners) if (other !== store) listener();
    };
    const store: RecordingStore = {
      ...disk,
      put: (entries, lease) => telling(this.#under(lease, () => disk.put(entries))),
      remove: (keys, lease) => telling(this.#under(lease, () => disk.remove(keys))),
      putAudio: (id, audio, entries) => telling(disk.putAudio(id, audio, entries)),
      removeAudio: (id, keys, lease) => telling(this.#under(lease, () => disk.removeAudio(id, keys))),
      own: (signal, wait) => this.#own(signal, wait),
      watch: (listener) => {
        this.#listeners.set(store, listener);
        return () => this.#listeners.delete(store);
      },
    };
    return store;
  }

  #under(lease: Lease | undefined, write: () => Promise<void>): Promise<void> {
    return lease === undefined || lease.token === this.#token ? write() : Promise.reject(new LeaseLostError());
  }

  async #own(signal: AbortSignal, wait: boolean): Promise<Lease | null> {
    while (this.#owner?.aborted === false) {
      if (!wait) return null;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (signal.aborted) return null;
    this.#owner = signal;
    this.#lost = new AbortController();
    this.#token = `lease ${(this.#leases += 1)}`;
    const lease = { token: this.#token, lost: this.#lost.signal };
    signal.addEventListener('abort', () => {
      for (const go of this.#waiting.splice(0)) go();
    });
    return lease;
  }
}
