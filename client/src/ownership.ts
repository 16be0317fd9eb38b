/**
 * Which context works on a store that several share. Only that one changes what is there; what another one is asked for by
 * hand it leaves in the store as a wish, which the one at work grants as far as it still can.
 */
import type { RecordingStore } from './store.ts';
import { linkedController } from './time.ts';
import { wishEntries, wishesIn } from './wishes.ts';
import type { Wish } from './wishes.ts';

export interface OwnershipOptions {
  readonly store: RecordingStore;
  readonly newId: () => string;
  /** Reads what is in the store. */
  readonly load: () => Promise<void>;
  /** Takes in what others have added. */
  readonly loadNew: () => Promise<void>;
  /** As far as it still can be. Granting them twice does no harm. */
  readonly grant: (wishes: readonly Wish[]) => Promise<void>;
}

export class Ownership {
  readonly #options: OwnershipOptions;
  #isOwner = false;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Works on the store once no other context does. */
  async hold(signal: AbortSignal, onStandby: () => void, work: () => Promise<void>): Promise<void> {
    const { store, load } = this.#options;
    if (store.own !== undefined && !(await store.own(signal, false))) {
      onStandby();
      if (!(await store.own(signal, true))) return;
    }
    this.#isOwner = true;
    try {
      if (store.own !== undefined) {
        // What the one before did since this one opened, and did not get to.
        await load();
        await this.#grantAll();
      }
      await work();
    } finally {
      this.#isOwner = false;
    }
  }

  /** Does this now, unless another context works on the store. @returns whether it was done. */
  async act(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { store, load } = this.#options;
    const { controller, unlink } = linkedController(signal);
    try {
      if (!this.#isOwner && store.own !== undefined) {
        if (!(await store.own(controller.signal, false))) return false;
        await load();
      }
      await work(controller.signal);
      return true;
    } finally {
      controller.abort();
      unlink();
    }
  }

  /** Grants these, or leaves them to the context that works on the store. */
  async wish(wishes: readonly Wish[], signal: AbortSignal): Promise<void> {
    const { store, newId, grant, load } = this.#options;
    const isGranted = await this.act(signal, () => grant(wishes));
    if (isGranted) return;
    await store.put(wishEntries(wishes, newId));
    // It may have become the one at work meanwhile.
    await (this.#isOwner ? this.#grantAll() : load());
  }

  /** Another context has changed something. */
  async changed(): Promise<void> {
    const { load, loadNew } = this.#options;
    if (!this.#isOwner) return load();
    await loadNew();
    await this.#grantAll();
  }

  async #grantAll(): Promise<void> {
    const { store, grant } = this.#options;
    const wishes = wishesIn(await store.entries());
    if (wishes.size === 0) return;
    await grant([...wishes.values()]);
    await store.remove([...wishes.keys()]);
  }
}
