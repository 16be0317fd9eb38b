/** A store for browsers: IndexedDB. Audio is kept as Blobs, which no browser reads into memory whole. */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase, IDBPTransaction } from 'idb';
import type { RecordingStore, StoredValue } from './store.ts';

export interface IndexedDbOptions {
  /** Whose recordings these are: every user has a database of their own. */
  readonly uid: string;
}

interface Schema extends DBSchema {
  entries: { key: string; value: StoredValue };
  audio: { key: string; value: Blob };
}
type Table = 'entries' | 'audio';
type Transaction<Mode extends IDBTransactionMode> = IDBPTransaction<Schema, Table[], Mode>;

/** Both, always: what is asked for of one takes a moment. */
const TABLES: Table[] = ['entries', 'audio'];

/** Only one tab works on it at a time, where the browser has Web Locks; the others wait as its stand-ins. */
export function indexedDbStore({ uid }: IndexedDbOptions): RecordingStore {
  const name = `offline-audio-sync/${uid}`;
  let opening: Promise<IDBPDatabase<Schema>> | undefined;
  const close = async (): Promise<void> => {
    const closing = opening;
    opening = undefined;
    (await closing)?.close();
  };
  /** All of it or nothing. */
  const run = async <Mode extends 'readonly' | 'readwrite', T>(
    mode: Mode,
    work: (tx: Transaction<Mode>) => Promise<T>,
  ): Promise<T> => {
    let tx: Transaction<Mode>;
    try {
      opening ??= openDB<Schema>(name, 1, {
        upgrade: (db) => {
          for (const table of TABLES) db.createObjectStore(table);
        },
        // Never stand in the way of another tab's newer version.
        blocking: () => void close(),
        terminated: () => (opening = undefined),
      });
      // A promise that has resolved is on disk, not in some cache.
      tx = (await opening).transaction(TABLES, mode, { durability: 'strict' });
    } catch (error) {
      // It could not be opened now, or the browser has closed it without a word: the next call opens it anew.
      opening = undefined;
      throw error;
    }
    const [result] = await Promise.all([work(tx), tx.done]);
    return result;
  };
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
  const write = async (work: (tx: Transaction<'readwrite'>) => Promise<unknown>[]): Promise<void> => {
    await run('readwrite', (tx) => Promise.all(work(tx)));
    tabs?.postMessage(null);
  };

  return {
    entries: () =>
      run('readonly', async (tx) => {
        const entries = tx.objectStore('entries');
        const [keys, values] = await Promise.all([entries.getAllKeys(), entries.getAll()]);
        return new Map(keys.map((key, i) => [key, values[i] ?? {}]));
      }),
    put: (entries) => write((tx) => putAll(tx, entries)),
    remove: (keys) => write((tx) => removeAll(tx, keys)),
    audioIds: () => run('readonly', (tx) => tx.objectStore('audio').getAllKeys()),
    putAudio: (id, audio, entries) =>
      write((tx) => [
        tx.objectStore('audio').put(audio instanceof Blob ? audio : new Blob([audio]), id),
        ...putAll(tx, entries),
      ]),
    readAudio: async (id, start, end) => {
      const blob = await run('readonly', (tx) => tx.objectStore('audio').get(id));
      return blob === undefined ? null : new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    removeAudio: (id, keys) => write((tx) => [tx.objectStore('audio').delete(id), ...removeAll(tx, keys)]),
    own: (signal, wait) => ownLock(name, signal, wait),
    watch: (listener) => {
      tabs?.addEventListener('message', listener);
      return () => {
        tabs?.removeEventListener('message', listener);
      };
    },
    close: async () => {
      tabs?.close();
      await close();
    },
  };
}

function putAll(tx: Transaction<'readwrite'>, entries: ReadonlyMap<string, StoredValue>): Promise<unknown>[] {
  return [...entries].map(([key, value]) => tx.objectStore('entries').put(value, key));
}

function removeAll(tx: Transaction<'readwrite'>, keys: readonly string[]): Promise<unknown>[] {
  return keys.map((key) => tx.objectStore('entries').delete(key));
}

async function ownLock(name: string, signal: AbortSignal, wait: boolean): Promise<boolean> {
  const { navigator } = globalThis as Partial<typeof globalThis>;
  const locks = navigator?.locks as LockManager | undefined;
  if (locks === undefined) return true;
  return new Promise((resolve) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      resolve(lock !== null);
      if (lock === null) return undefined;
      return new Promise((release) => {
        signal.addEventListener('abort', () => {
          release();
        });
        if (signal.aborted) release();
      });
    };
    // A signal and `ifAvailable` exclude each other.
    locks.request(name, wait ? { signal } : { ifAvailable: true }, hold).catch(() => {
      resolve(false);
    });
  });
}
