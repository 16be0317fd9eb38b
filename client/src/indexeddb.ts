/** A store for browsers: IndexedDB. Audio is kept as Blobs, which no browser reads into memory whole. */
import type { RecordingStore, StoredValue } from './store.ts';

export interface IndexedDbOptions {
  /** Whose recordings these are: every user has a database of their own. */
  readonly uid: string;
}

const ENTRIES = 'entries';
const AUDIO = 'audio';
type Tables = readonly (typeof ENTRIES | typeof AUDIO)[];

/** Only one tab works on it at a time, where the browser has Web Locks; the others wait as its stand-ins. */
export function indexedDbStore({ uid }: IndexedDbOptions): RecordingStore {
  const name = `offline-audio-sync/${uid}`;
  let opening: Promise<IDBDatabase> | undefined;
  /** The next call opens it anew. */
  const forget = (): void => {
    opening = undefined;
  };
  const begin = async (tables: Tables, mode: IDBTransactionMode): Promise<IDBTransaction> => {
    try {
      const db = await (opening ??= openDatabase(name, forget));
      // A promise that has resolved is on disk, not in some cache.
      return db.transaction(tables, mode, { durability: 'strict' });
    } catch (error) {
      // It could not be opened now, or the browser has closed it without a word.
      forget();
      throw error;
    }
  };
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
  /** All of it or nothing. @returns what `work` returns: its requests, which have their results by then. */
  const run = async <T>(tables: Tables, mode: IDBTransactionMode, work: (tx: IDBTransaction) => T): Promise<T> => {
    const tx = await begin(tables, mode);
    const requests = work(tx);
    await new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => {
        resolve();
      };
      tx.onabort = () => {
        reject(tx.error ?? new Error('The transaction was aborted.'));
      };
    });
    return requests;
  };
  const write = async (tables: Tables, work: (tx: IDBTransaction) => void): Promise<void> => {
    await run(tables, 'readwrite', work);
    tabs?.postMessage(null);
  };
  const readAudio = async <T>(work: (audio: IDBObjectStore) => IDBRequest): Promise<T> =>
    (await run([AUDIO], 'readonly', (tx) => work(tx.objectStore(AUDIO)))).result as T;

  return {
    entries: async () => {
      const [keys, values] = await run([ENTRIES], 'readonly', (tx) => {
        const entries = tx.objectStore(ENTRIES);
        return [entries.getAllKeys(), entries.getAll() as IDBRequest<StoredValue[]>];
      });
      return new Map(keys.result.map((key, i) => [key as string, values.result[i] ?? {}]));
    },
    put: (entries) =>
      write([ENTRIES], (tx) => {
        putAll(tx, entries);
      }),
    remove: (keys) =>
      write([ENTRIES], (tx) => {
        removeAll(tx, keys);
      }),
    audioIds: () => readAudio<string[]>((audio) => audio.getAllKeys()),
    putAudio: (id, audio, entries) =>
      write([ENTRIES, AUDIO], (tx) => {
        tx.objectStore(AUDIO).put(audio instanceof Blob ? audio : new Blob([audio]), id);
        putAll(tx, entries);
      }),
    readAudio: async (id, start, end) => {
      const blob = await readAudio<Blob | undefined>((audio) => audio.get(id));
      return blob === undefined ? null : new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    removeAudio: (id, keys) =>
      write([ENTRIES, AUDIO], (tx) => {
        tx.objectStore(AUDIO).delete(id);
        removeAll(tx, keys);
      }),
    own: (signal, wait) => ownLock(name, signal, wait),
    watch: (listener) => {
      tabs?.addEventListener('message', listener);
      return () => {
        tabs?.removeEventListener('message', listener);
      };
    },
    close: async () => {
      tabs?.close();
      const closing = opening;
      forget();
      (await closing)?.close();
    },
  };
}

function putAll(tx: IDBTransaction, entries: ReadonlyMap<string, StoredValue>): void {
  for (const [key, value] of entries) tx.objectStore(ENTRIES).put(value, key);
}

function removeAll(tx: IDBTransaction, keys: readonly string[]): void {
  for (const key of keys) tx.objectStore(ENTRIES).delete(key);
}

function openDatabase(name: string, onClose: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of [ENTRIES, AUDIO]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      const db = request.result;
      db.onclose = onClose;
      // Never stand in the way of another tab's newer version.
      db.onversionchange = () => {
        onClose();
        db.close();
      };
      resolve(db);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('The database could not be opened.'));
    };
  });
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
