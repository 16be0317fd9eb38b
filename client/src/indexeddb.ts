/** A store for browsers: IndexedDB. Audio is kept as Blobs, which browsers do not read into memory as a whole. */
import type { DBSchema } from 'idb';
import { Database } from './database.ts';
import type { DatabaseTransaction } from './database.ts';
import type { Unsubscribe } from './emitter.ts';
import { ownLock } from './ownLock.ts';
import { randomId } from './randomId.ts';
import { LeaseLostError } from './store.ts';
import type { Lease, RecordingStore, StoredValue } from './store.ts';
import { systemClock } from './time.ts';
import type { Clock } from './time.ts';

export { Database } from './database.ts';
export type { DatabaseOptions, DatabaseTransaction } from './database.ts';

export interface IndexedDbOptions {
  /** The user whose recordings these are. Every user has their own database. */
  readonly uid: string;
  readonly clock?: Clock;
}

/** Key of the entry with the token of the last lease. Writes under another lease are refused. */
const LEASE = 'lease';
/** Entries that are read in one request. */
const PAGE = 250;

interface Schema extends DBSchema {
  entries: { key: string; value: StoredValue };
  /** A Blob; bytes where the browser cannot keep Blobs. */
  audio: { key: string; value: Blob | Uint8Array<ArrayBuffer> };
}
type Transaction<Mode extends IDBTransactionMode> = DatabaseTransaction<Schema, Mode>;

/**
 * If the browser has Web Locks, only one tab works on the store at a time. The others stand by, and one takes over if that tab stands
 * still. Writes of that tab are refused when it wakes.
 */
export function indexedDbStore({ uid, clock = systemClock }: IndexedDbOptions): RecordingStore {
  const name = `offline-audio-sync/${uid}`;
  const database = new Database<Schema>({
    name,
    version: 1,
    upgrade: (db) => {
      db.createObjectStore('entries');
      db.createObjectStore('audio');
    },
  });
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
  const lock = ownLock({ name, channel: tabs, clock });
  const write = async (work: (tx: Transaction<'readwrite'>) => Promise<unknown>[], lease?: Lease): Promise<void> => {
    await database.run('readwrite', async (tx) => {
      // In the same transaction, so that no other tab takes over between this check and the write.
      if (lease !== undefined && (await tx.objectStore('entries').get(LEASE))?.['token'] !== lease.token) {
        throw new LeaseLostError();
      }
      await Promise.all(work(tx));
    });
    tabs?.postMessage(null);
  };

  return {
    entries: () => database.run('readonly', readEntries),
    put: (entries, lease) => write((tx) => putAll(tx, entries), lease),
    remove: (keys, lease) => write((tx) => removeAll(tx, keys), lease),
    audioIds: () => database.run('readonly', (tx) => tx.objectStore('audio').getAllKeys()),
    putAudio: async (id, audio, entries) => {
      const put = (value: Blob | Uint8Array<ArrayBuffer>): Promise<void> =>
        write((tx) => [tx.objectStore('audio').put(value, id), ...putAll(tx, entries)]);
      const blob = audio instanceof Blob ? audio : new Blob([audio]);
      try {
        await put(blob);
      } catch (error) {
        if (!isAboutBlobs(error)) throw error;
        await put(new Uint8Array(await blob.arrayBuffer()));
      }
    },
    readAudio: (id, start, end) => readAudio(database, id, [start, end]),
    removeAudio: (id, keys, lease) =>
      write((tx) => [tx.objectStore('audio').delete(id), ...removeAll(tx, keys)], lease),
    own: async (signal, wait) => {
      const lost = await lock(signal, wait);
      if (lost === null) return null;
      const lease = { token: randomId(), lost };
      const put = (tx: Transaction<'readwrite'>) => tx.objectStore('entries').put({ token: lease.token }, LEASE);
      // Leases do not outlive the browser, so an app that starts need not wait for the disk.
      await database.run('readwrite', put, 'relaxed');
      return lease;
    },
    watch: (listener) => onChange(tabs, listener),
    close: () => {
      tabs?.close();
      database.close();
      return Promise.resolve();
    },
  };
}

/**
 * Reads in pages, because ten thousand entries in one piece would block the app. All requests start together, so that none waits for the
 * answer before.
 */
async function readEntries(tx: Transaction<'readonly'>): Promise<Map<string, StoredValue>> {
  const entries = tx.objectStore('entries');
  const keys = await entries.getAllKeys();
  const all = new Map<string, StoredValue>();
  const pages = Array.from({ length: Math.ceil(keys.length / PAGE) }, async (_, page) => {
    const some = keys.slice(page * PAGE, (page + 1) * PAGE);
    const values = await entries.getAll(IDBKeyRange.bound(some[0], some.at(-1)));
    for (const [i, key] of some.entries()) all.set(key, values[i] ?? {});
  });
  await Promise.all(pages);
  all.delete(LEASE);
  return all;
}

/** @param range bytes from the first up to, not including, the second */
async function readAudio(
  database: Database<Schema>,
  id: string,
  range: readonly [start: number, end: number],
): Promise<Uint8Array<ArrayBuffer> | null> {
  const read = async (): Promise<Uint8Array<ArrayBuffer> | null> => {
    const audio = await database.run('readonly', (tx) => tx.objectStore('audio').get(id));
    if (audio === undefined) return null;
    return audio instanceof Blob ? new Uint8Array(await audio.slice(...range).arrayBuffer()) : audio.slice(...range);
  };
  try {
    return await read();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    // The Blob may belong to a lost connection. If it cannot be read on a new one either, its file is damaged.
    database.close();
    return read().catch((still: unknown) => {
      if (isUnreadable(still)) return null;
      throw still;
    });
  }
}

/** Calls back when another tab has changed the store. Pings of the lock travel on the same channel, and are ignored. */
function onChange(tabs: BroadcastChannel | null, listener: () => void): Unsubscribe {
  const changed = ({ data }: MessageEvent): void => {
    if (data === null) listener();
  };
  tabs?.addEventListener('message', changed);
  return () => {
    tabs?.removeEventListener('message', changed);
  };
}

/** Whether a browser refuses Blobs in IndexedDB, as some private windows do: DataCloneError, or a sentence about Blobs. */
function isAboutBlobs(error: unknown): boolean {
  return error instanceof Error && (error.name === 'DataCloneError' || /blob/i.test(error.message));
}

/** Whether the file of a Blob is gone or damaged, although its entry in the database exists. */
function isUnreadable(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
}

function putAll(tx: Transaction<'readwrite'>, entries: ReadonlyMap<string, StoredValue>): Promise<unknown>[] {
  return [...entries].map(([key, value]) => tx.objectStore('entries').put(value, key));
}

function removeAll(tx: Transaction<'readwrite'>, keys: readonly string[]): Promise<unknown>[] {
  return keys.map((key) => tx.objectStore('entries').delete(key));
}
