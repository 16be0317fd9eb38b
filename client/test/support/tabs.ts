/** Several contexts on one store: tabs of a browser, with its lock and its channel between them. */
import { createSyncClient } from '../../src/client.ts';
import type { SyncClient } from '../../src/client.ts';
import { memoryStore } from '../../src/memory.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import type { RecordingStore } from '../../src/store.ts';
import type { World } from './world.ts';

export class Tabs {
  readonly disk = memoryStore();
  readonly errors: unknown[] = [];
  readonly #world: World;
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Map<RecordingStore, () => void>();
  #owner: AbortSignal | null = null;

  constructor(world: World) {
    this.#world = world;
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
      put: (entries) => telling(disk.put(entries)),
      remove: (keys) => telling(disk.remove(keys)),
      putAudio: (id, audio, entries) => telling(disk.putAudio(id, audio, entries)),
      removeAudio: (id, keys) => telling(disk.removeAudio(id, keys)),
      own: (signal, wait) => this.#own(signal, wait),
      watch: (listener) => {
        this.#listeners.set(store, listener);
        return () => this.#listeners.delete(store);
      },
    };
    return store;
  }

  async #own(signal: AbortSignal, wait: boolean): Promise<boolean> {
    while (this.#owner?.aborted === false) {
      if (!wait) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (signal.aborted) return false;
    this.#owner = signal;
    signal.addEventListener('abort', () => {
      for (const go of this.#waiting.splice(0)) go();
    });
    return true;
  }
}
