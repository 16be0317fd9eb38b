/**
 * Keeps uploads going while the store is full. Entries that do not fit are kept in memory; each recording that is done makes room, and
 * then they are written. Other programs may also make room, so writing is tried from time to time. If the process ends before that,
 * some recordings are sent again, which the server recognises.
 */
import type { RecordingStore, StoredValue } from './store.ts';
import type { Clock } from './time.ts';

/** Interval at which entries in memory are tried to be written, milliseconds. */
const WRITE_AGAIN_MS = 60_000;

export interface OverflowOptions {
  readonly store: RecordingStore;
  /** Whether another context has taken over the store. Then the entries in memory are out of date. */
  readonly isLost: () => boolean;
  /** Called each time that the store becomes full. */
  readonly onFull: (error: unknown) => void;
  readonly clock: Clock;
  /** Ends with the client. */
  readonly signal: AbortSignal;
}

export function overflowStore({ store, isLost, onFull, clock, signal }: OverflowOptions): RecordingStore {
  const unwritten = new Map<string, StoredValue>();
  let isWaiting = false;

  /** @throws every error of the store, except that it is full */
  const put = async (entries: ReadonlyMap<string, StoredValue>): Promise<void> => {
    try {
      await store.put(entries);
    } catch (error) {
      if (!isFull(error)) throw error;
      if (unwritten.size === 0) onFull(error);
      for (const [key, value] of entries) unwritten.set(key, value);
      void waitForRoom();
      return;
    }
    for (const key of entries.keys()) unwritten.delete(key);
  };
  /** Tries to write what is kept in memory. */
  const write = async (): Promise<void> => {
    if (unwritten.size > 0) await put(new Map(unwritten));
  };
  /** Resolves when everything is written. Never rejects. */
  const waitForRoom = async (): Promise<void> => {
    if (isWaiting) return;
    isWaiting = true;
    const isOver = (): boolean => signal.aborted || unwritten.size === 0;
    while (!isOver()) {
      await clock.sleep(WRITE_AGAIN_MS, signal);
      if (!isOver() && !isLost()) await write().catch(() => undefined);
    }
    isWaiting = false;
  };

  return {
    ...store,
    entries: async () => {
      if (isLost()) unwritten.clear();
      const written = await store.entries();
      return unwritten.size === 0 ? written : new Map([...written, ...unwritten]);
    },
    put: (entries) => put(unwritten.size === 0 ? entries : new Map([...unwritten, ...entries])),
    remove: async (keys) => {
      await store.remove(keys);
      for (const key of keys) unwritten.delete(key);
      await write();
    },
    removeAudio: async (id, keys) => {
      // The store's entry of this audio is out of date. It must be deleted with the audio, or the audio would count as lost.
      const outdated = [...unwritten.keys()].filter((key) => key.endsWith(`/${id}`));
      for (const key of keys) unwritten.delete(key);
      await store.removeAudio(id, [...keys, ...outdated]);
      await write();
    },
  };
}

/** Whether an error of a browser, a system or SQLite says that there is no room. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (
    error.name === 'QuotaExceededError' ||
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    /database or disk is full/i.test(error.message)
  );
}
