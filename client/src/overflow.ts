/**
 * A full store drains instead of standing still. What it has no room for is kept in memory, so that sending goes on; each recording
 * that is done makes room, and then what was kept in memory is written; other programs may make room, too, so it is tried now and then. A process
 * that ends before that sends some again, which the server recognises.
 */
import type { RecordingStore, StoredValue } from './store.ts';
import type { Clock } from './time.ts';

/** Between attempts to write what there was no room for, milliseconds. */
const WRITE_AGAIN_MS = 60_000;

export interface OverflowOptions {
  readonly store: RecordingStore;
  /** Whether another context has taken over the work on the store: what is kept in memory is out of date then. */
  readonly isLost: () => boolean;
  /** Called once each time that the store becomes full. */
  readonly onFull: (error: unknown) => void;
  readonly clock: Clock;
  /** Ends with the client. */
  readonly signal: AbortSignal;
}

export function overflowStore({ store, isLost, onFull, clock, signal }: OverflowOptions): RecordingStore {
  const unwritten = new Map<string, StoredValue>();
  let isWaiting = false;

  /** @throws whatever is wrong with the store but that it is full. */
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
  /** There may be room now. */
  const write = async (): Promise<void> => {
    if (unwritten.size > 0) await put(new Map(unwritten));
  };
  /** Until everything is written, by whatever happens. Never rejects. */
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
      // What the store still says of this audio is out of date. It goes with the audio, or it would be taken for lost.
      const outdated = [...unwritten.keys()].filter((key) => key.endsWith(`/${id}`));
      for (const key of keys) unwritten.delete(key);
      await store.removeAudio(id, [...keys, ...outdated]);
      await write();
    },
  };
}

/** As browsers, systems and SQLite say it. */
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
