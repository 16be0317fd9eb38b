/** Whether the browser promises to keep what lies on this device: without a promise it deletes it where room runs out. */
import { signal, type ReadonlySignal } from '@preact/signals';

export interface StorageKeeper {
  /** Null: it was not asked yet, or cannot be. */
  readonly promised: ReadonlySignal<boolean | null>;
  /** Learns what was promised before. Asks the user nothing. */
  look(): Promise<void>;
  /** Some browsers ask the user: so once a page, and when there is something to keep. */
  ask(): Promise<void>;
}

/** @param storage not every page has it */
export function storageKeeper(storage: Pick<StorageManager, 'persisted' | 'persist'> | undefined): StorageKeeper {
  const promised = signal<boolean | null>(null);
  let asked = false;
  const learn = async (answer: () => Promise<boolean>): Promise<void> => {
    try {
      promised.value = await answer();
    } catch {
      // It says nothing, as browsers do that keep no storage at all: there is nothing to tell either.
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
