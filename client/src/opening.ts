/** Reads the store before the client answers its first call. After a failure, the next call reads it again. */
import type { Completions } from './completions.ts';
import type { CoolDown } from './coolDown.ts';
import type { Library } from './library.ts';
import type { StoredValue } from './store.ts';

/** The parts of a client that keep something in the store. */
interface StoredParts {
  readonly library: Library;
  readonly completions: Completions;
  readonly coolDown: CoolDown;
}

/** Reads the store, once for all parts that keep something there. */
export async function loadParts({
  library,
  completions,
  coolDown,
}: StoredParts): Promise<ReadonlyMap<string, StoredValue>> {
  const entries = await library.load();
  completions.load(entries);
  coolDown.load(entries);
  return entries;
}

export interface Opening {
  /** Resolves when the store is read. @throws the error of the store */
  readonly open: () => Promise<void>;
  /** Resolves when nothing is being read, also after a failure. */
  readonly idle: () => Promise<void>;
}

export function opening(read: () => Promise<void>): Opening {
  let reading: Promise<void> | null = null;
  return {
    open: () =>
      (reading ??= read().catch((error: unknown) => {
        reading = null; // The next call tries it again.
        throw error;
      })),
    idle: async () => reading?.catch(() => undefined),
  };
}
