/**
 * Decides which context works on a store that several share. Only that context changes recordings. The others leave what their user
 * asks for in the store, as wishes, and the working context grants them if it still can.
 */
import { LeaseLostError } from './store.ts';
import type { Lease, RecordingStore, StoredValue } from './store.ts';
import { linkedController, Stopwatch } from './time.ts';
import type { Clock } from './time.ts';
import { wishEntries, wishesIn } from './wishes.ts';
import type { Wish } from './wishes.ts';

export interface OwnershipOptions {
  readonly store: RecordingStore;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Reads the store. @returns all entries */
  readonly load: () => Promise<ReadonlyMap<string, StoredValue>>;
  /** Reads recordings that other contexts have added. @returns all entries */
  readonly loadNew: () => Promise<ReadonlyMap<string, StoredValue>>;
  /** Grants wishes, as far as they can still be granted. Granting them twice does no harm. */
  readonly grant: (wishes: readonly Wish[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Changes of other contexts are read again after this many times the time that reading took. */
const READ_PAUSE = 4;

export class Ownership {
  readonly #options: OwnershipOptions;
  #isOwner = false;
  #isLost = false;
  #isReading = false;
  #hasNews = false;
  /** The last lease. It may be lost; then nothing can be written under it. */
  #lease: Lease | undefined;
  /** The entries that were read when this context began to work; null if it does not work on the store. */
  #firstRead: Promise<ReadonlyMap<string, StoredValue> | null> = Promise.resolve(null);
  /** Ends the work when the lease is lost. */
  #stop: () => void = () => undefined;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Whether another context has taken over from this one. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether this context has begun to work, and so has read the store. */
  async hasRead(): Promise<boolean> {
    return (await this.#firstRead) !== null;
  }

  /** The store for the work: its writes are refused once another context has taken over. */
  get store(): RecordingStore {
    const { store } = this.#options;
    const guarded = async (write: Promise<void>): Promise<void> => {
      try {
        await write;
      } catch (error) {
        // The write may learn of it before the lock does.
        if (error instanceof LeaseLostError) this.#stop();
        throw error;
      }
    };
    return {
      ...store,
      put: (entries) => guarded(store.put(entries, this.#lease)),
      remove: (keys) => guarded(store.remove(keys, this.#lease)),
      removeAudio: (id, keys) => guarded(store.removeAudio(id, keys, this.#lease)),
    };
  }

  /** Works on the store whenever no other context does, until the signal aborts. */
  async hold(signal: AbortSignal, onStandby: () => void, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { store, load } = this.#options;
    if (store.own === undefined) {
      this.#isOwner = true;
      await work(signal);
      return;
    }
    while (!signal.aborted) {
      const { controller, unlink } = linkedController(signal);
      try {
        const asked = store.own(controller.signal, false);
        this.#firstRead = asked.then((lease) => (lease === null ? null : this.#begin(lease, controller)));
        let entries = await this.#firstRead;
        if (entries === null) {
          onStandby();
          const lease = await store.own(controller.signal, true);
          if (lease === null) return;
          entries = await this.#begin(lease, controller);
        }
        await this.#grantAll(entries);
        await work(controller.signal);
      } catch (error) {
        // A failure after another context has taken over is no error of this one.
        if (!controller.signal.aborted) throw error;
      } finally {
        this.#isOwner = false;
        this.#firstRead = Promise.resolve(null);
        controller.abort();
        unlink();
      }
      if (!this.isLost) return;
      // Another context continues the work. Read its changes.
      await load();
    }
  }

  /** @returns all entries: also those that the context before has written since this one last read the store */
  #begin(lease: Lease, controller: AbortController): Promise<ReadonlyMap<string, StoredValue>> {
    this.#stop = () => {
      if (controller.signal.aborted) return; // It has ended by itself.
      this.#isOwner = false;
      this.#isLost = true;
      controller.abort();
    };
    this.#isLost = false;
    this.#lease = lease;
    this.#isOwner = true;
    lease.lost.addEventListener('abort', this.#stop);
    if (lease.lost.aborted) this.#stop();
    return this.#options.load();
  }

  /** Does the work now, unless another context works on the store. @returns whether it was done. */
  async act(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { store, load } = this.#options;
    const { controller, unlink } = linkedController(signal);
    try {
      if (!this.#isOwner && store.own !== undefined) {
        const lease = await store.own(controller.signal, false);
        if (lease === null) return false;
        this.#lease = lease;
        this.#isLost = false;
        await load();
      }
      await work(controller.signal);
      return true;
    } catch (error) {
      if (error instanceof LeaseLostError) return false;
      throw error;
    } finally {
      controller.abort();
      unlink();
    }
  }

  /** Grants wishes, or stores them for the context that works on the store. */
  async wish(wishes: readonly Wish[], signal: AbortSignal): Promise<void> {
    const { store, newId, grant, load } = this.#options;
    const isGranted = await this.act(signal, () => grant(wishes));
    if (isGranted) return;
    await store.put(wishEntries(wishes, newId));
    // This context may have begun to work meanwhile.
    if (this.#isOwner) await this.#grantAll(await store.entries());
    else await load();
  }

  /**
   * Reads changes of another context. Changes that come while it reads are read together afterwards, because a context that uploads ten
   * thousand recordings changes entries all the time. No caller waits for it, so a failure is only reported.
   */
  changed(signal: AbortSignal): void {
    this.#hasNews = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readNews(signal)
      .catch(this.#options.onError)
      .finally(() => {
        this.#isReading = false;
      });
  }

  async #readNews(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (this.#hasNews && !signal.aborted) {
      this.#hasNews = false;
      const reading = new Stopwatch(clock);
      await this.#readChanges();
      await clock.sleep(READ_PAUSE * reading.elapsedMs, signal);
    }
  }

  async #readChanges(): Promise<void> {
    const { load, loadNew } = this.#options;
    if (this.#isOwner) await this.#grantAll(await loadNew());
    else await load();
  }

  async #grantAll(entries: ReadonlyMap<string, StoredValue>): Promise<void> {
    const { grant } = this.#options;
    const wishes = wishesIn(entries);
    if (wishes.size === 0) return;
    await grant([...wishes.values()]);
    await this.store.remove([...wishes.keys()]);
  }
}
