/** Whether the browser promises to keep the data on this device. Without a promise, it deletes them when room runs out. */
import { signal, type ReadonlySignal } from '@preact/signals';

export interface StorageKeeper {
  /** Null until it is known, or if it cannot be. */
  readonly promised: ReadonlySignal<boolean | null>;
  /** Reads whether storage was promised before. It asks the user nothing. */
  look(): Promise<void>;
  /** Requests the promise. Some browsers ask the user, so it is requested once a page, and only when there is something to keep. */
  ask(): Promise<void>;
}

/** @param storage missing on some pages */
export function storageKeeper(storage: Pick<StorageManager, 'persisted' | 'persist'> | undefined): StorageKeeper {
  const promised = signal<boolean | null>(null);
  let asked = false;
  const learn = async (answer: () => Promise<boolean>): Promise<void> => {
    try {
      promised.value = await answer();
    } catch {
      // Some browsers that store nothing reject this. Then nothing is known, and nothing is shown.
    }
  };
  return {
    promised,
    look: async () => {
      if (storage !== undefined) await learn(() => storage.persisted());
    },
    ask: async () => {
      if (storage === undefined || asked) return;
      asked = true;
      await learn(async () => (await storage.persisted()) || storage.persist());
    },
  };
}

export const keeper = storageKeeper((navigator as Partial<Navigator>).storage);
