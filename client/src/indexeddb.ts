/** A store for browsers: IndexedDB. Audio is kept as Blobs, which no browser reads into memory whole. */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase, IDBPObjectStore, IDBPTransaction } from 'idb';
import type { RecordingStore, StoredValue } from './store.ts';

interface Schema extends DBSchema {
  entries: { key: string; value: StoredValue };
  audio: { key: string; value: Blob };
}

export interface IndexedDbOptions {
  /** Whose recordings these are: every user has a database of their own. */
  readonly uid: string;
}

/** Only one tab works on it at a time, where the browser has Web Locks; the others wait as its stand-ins. */
export function indexedDbStore({ uid }: IndexedDbOptions): RecordingStore {
  const name = `offline-audio-sync/${uid}`;
  let opening: Promise<IDBPDatabase<Schema>> | undefined;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    opening ??= openDB<Schema>(name, 1, {
      upgrade: (db) => {
        db.createObjectStore('entries');
        db.createObjectStore('audio');
      },
      // Never stand in the way of another tab's newer version.
      blocking: () => void close(),
      terminated: () => (opening = undefined),
    });
    return opening;
  };
  const close = async (): Promise<void> => {
    const closing = opening;
    opening = undefined;
    (await closing)?.close();
  };
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
  type Change = IDBPTransaction<Schema, ('entries' | 'audio')[], 'readwrite'>;
  const write = async (stores: ('entries' | 'audio')[], change: (tx: Change) => Promise<unknown>[]): Promise<void> => {
    const tx = (await open()).transaction(stores, 'readwrite', STRICT);
    await Promise.all([...change(tx), tx.done]);
    if (stores.includes('entries')) tabs?.postMessage(null);
  };

  return {
    entries: async () => {
      const tx = (await open()).transaction('entries', 'readonly', STRICT);
      const [keys, values] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll(), tx.done]);
      return new Map(keys.flatMap((key, i) => [[key, values[i] ?? {}] as const]));
    },
    put: (entries) => write(['entries'], (tx) => putAll(tx.objectStore('entries'), entries)),
    remove: (keys) => write(['entries'], (tx) => keys.map((key) => tx.objectStore('entries').delete(key))),
    audioIds: async () => (await open()).getAllKeys('audio'),
    putAudio: (id, audio, entries) =>
      write(['entries', 'audio'], (tx) => [
        tx.objectStore('audio').put(audio instanceof Blob ? audio : new Blob([audio]), id),
        ...putAll(tx.objectStore('entries'), entries),
      ]),
    readAudio: async (id, start, end) => {
      const blob = await (await open()).get('audio', id);
      return blob === undefined ? null : new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    removeAudio: (id, keys) =>
      write(['entries', 'audio'], (tx) => [
        tx.objectStore('audio').delete(id),
        ...keys.map((key) => tx.objectStore('entries').delete(key)),
      ]),
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

type Entries = IDBPObjectStore<Schema, ('entries' | 'audio')[], 'entries', 'readwrite'>;

function putAll(store: Entries, entries: ReadonlyMap<string, StoredValue>): Promise<unknown>[] {
  return [...entries].map(([key, value]) => store.put(value, key));
}

/** A promise that has resolved is on disk, not in some cache. */
const STRICT = { durability: 'strict' } as const;

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
