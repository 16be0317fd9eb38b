import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { forceCloseDatabase, IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import type { DBSchema } from 'idb';
import { Database, indexedDbStore } from '../../src/indexeddb.ts';
import { memoryStore } from '../../src/memory.ts';
import { storeContract } from '../support/storeContract.ts';
import { VirtualClock } from '../support/virtualClock.ts';

type Put = IDBObjectStore['put'];

/** A transaction in whose stores `put` is replaced by the result of `putIn`. */
function putting(tx: IDBTransaction, putIn: (put: Put) => Put): IDBTransaction {
  const objectStore = tx.objectStore.bind(tx);
  return Object.assign(tx, {
    objectStore: (name: string) => {
      const store = objectStore(name);
      return Object.assign(store, { put: putIn(store.put.bind(store)) });
    },
  });
}

/** A transaction of a browser that stores no Blobs. */
function withoutBlobs(tx: IDBTransaction): IDBTransaction {
  return putting(tx, (put) => (value: unknown, key) => {
    if (value instanceof Blob) throw new DOMException('Error preparing Blob/File data.', 'UnknownError');
    return put(value, key);
  });
}

/**
 * A transaction that the browser aborts for lack of room. As in a browser, its requests get the first event, which says only that it was
 * aborted.
 */
function abortedForRoom(tx: IDBTransaction): IDBTransaction {
  return putting(tx, (put) => (value: unknown, key) => {
    put(value, key);
    (tx as unknown as { _abort(reason: string): void })._abort('QuotaExceededError');
    throw new DOMException('The transaction was aborted.', 'AbortError');
  });
}

describe('The store in memory', () => {
  storeContract({ create: () => Promise.resolve(memoryStore()), reopen: null });
});

describe('The store in IndexedDB', () => {
  before(() => {
    globalThis.indexedDB = new IDBFactory();
  });

  let users = 0;
  const create = () => Promise.resolve(indexedDbStore({ uid: `user ${(users += 1)}` }));
  storeContract({ create, reopen: () => Promise.resolve(indexedDbStore({ uid: `user ${users}` })) });

  it('separates users', async () => {
    const [ann, bob] = [indexedDbStore({ uid: 'ann' }), indexedDbStore({ uid: 'bob' })];
    await ann.put(new Map([['key', { of: 'ann' }]]));
    assert.equal((await bob.entries()).size, 0);
    await Promise.all([ann.close?.(), bob.close?.()]);
  });

  describe('with a database that fails', () => {
    const fails = (): never => {
      throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
    };
    const opened: IDBDatabase[] = [];
    let opens = true;
    before(() => {
      globalThis.indexedDB = new (class extends IDBFactory {
        override open(name: string, version?: number) {
          if (!opens) fails();
          const request = super.open(name, version);
          request.addEventListener('success', () => opened.push(request.result));
          return request;
        }
      })();
    });
    beforeEach(() => {
      opened.length = 0;
    });

    it('is opened by the next call if opening failed', async () => {
      const store = indexedDbStore({ uid: 'cannot open' });
      opens = false;
      await assert.rejects(store.entries(), { name: 'UnknownError' });
      opens = true;
      assert.equal((await store.entries()).size, 0);
      await store.close?.();
    });

    it('is reopened if the browser has closed it', async () => {
      const store = indexedDbStore({ uid: 'closed' });
      await store.put(new Map([['key', {}]]));
      forceCloseDatabase(opened[0] as unknown as Parameters<typeof forceCloseDatabase>[0]);
      await turn();
      assert.equal((await store.entries()).size, 1);
      assert.equal(opened.length, 2);
      await store.close?.();
    });

    it('is reopened within the same call if the browser closed it without an event', async () => {
      const store = indexedDbStore({ uid: 'silently closed' });
      await store.put(new Map([['key', {}]]));
      Object.assign(opened[0]!, { transaction: fails });
      assert.equal((await store.entries()).size, 1);
      assert.equal(opened.length, 2);
      await store.close?.();
    });

    it('reports that there is no room if that aborts a transaction, and stores nothing of it', async () => {
      const store = indexedDbStore({ uid: 'full' });
      await store.put(new Map([['key', { is: 'old' }]]));
      const transaction = opened[0]!.transaction.bind(opened[0]);
      let isFull = true;
      Object.assign(opened[0]!, {
        transaction: (...args: Parameters<IDBDatabase['transaction']>) => {
          const tx = transaction(...args);
          return isFull ? abortedForRoom(tx) : tx;
        },
      });
      const entries = new Map([
        ['key', { is: 'new' }],
        ['other', {}],
      ]);
      for (const write of [() => store.put(entries), () => store.putAudio('id', Uint8Array.of(1), entries)])
        await assert.rejects(write(), { name: 'QuotaExceededError' });
      isFull = false;
      assert.deepEqual(await store.entries(), new Map([['key', { is: 'old' }]]));
      assert.deepEqual(await store.audioIds(), []);
      await store.close?.();
    });

    it('reports that the page is too old if a newer version has changed the database, and changes nothing', async () => {
      const newer = await openDB('offline-audio-sync/downgraded', 2, {
        upgrade: (db) => {
          for (const name of ['entries', 'audio', 'more']) db.createObjectStore(name);
        },
      });
      await newer.put('entries', { here: true }, 'key');
      const store = indexedDbStore({ uid: 'downgraded' });
      await assert.rejects(store.put(new Map([['key', {}]])), { name: 'VersionError' });
      assert.deepEqual(await newer.get('entries', 'key'), { here: true });
      newer.close();
      await store.close?.();
    });

    it('lets a newer version of the page change the database, even in the middle of its own work', async () => {
      const store = indexedDbStore({ uid: 'upgraded' });
      const writing = Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.put(new Map([[`key ${i}`, {}]])).catch((error: unknown) => (error as Error).name),
        ),
      );
      const newer = await openDB('offline-audio-sync/upgraded', 2);
      const results = await writing;
      // Writes that were confirmed are stored; the others were refused with an error.
      const kept = results.filter((result) => result === undefined).length;
      assert.equal((await newer.getAllKeys('entries' as never)).length, kept);
      assert.ok(
        results.every((result) => result === undefined || result === 'VersionError'),
        String(results),
      );
      newer.close();
      await store.close?.();
    });

    it('reports only the audio as missing if the file of its Blob cannot be read', async () => {
      const store = indexedDbStore({ uid: 'damaged' });
      await store.putAudio('damaged', Uint8Array.of(1, 2), new Map([['recording/damaged', {}]]));
      await store.putAudio('whole', Uint8Array.of(3), new Map());
      const reading = mock.method(Blob.prototype, 'arrayBuffer', function (this: Blob) {
        return this.size === 2
          ? Promise.reject(new DOMException('gone', 'NotReadableError'))
          : new Response(this.stream()).arrayBuffer();
      });
      try {
        assert.equal(await store.readAudio('damaged', 0, 2), null);
        assert.deepEqual(await store.readAudio('whole', 0, 1), Uint8Array.of(3));
      } finally {
        reading.mock.restore();
      }
      assert.deepEqual(await store.readAudio('damaged', 0, 2), Uint8Array.of(1, 2), 'nothing was deleted for it');
      await store.close?.();
    });

    it('stores bytes if the browser stores no Blobs', async () => {
      const store = indexedDbStore({ uid: 'private window' });
      await store.entries();
      const transaction = opened[0]!.transaction.bind(opened[0]);
      Object.assign(opened[0]!, {
        transaction: (...args: Parameters<IDBDatabase['transaction']>) => withoutBlobs(transaction(...args)),
      });
      await store.putAudio('id', Uint8Array.of(1, 2, 3), new Map([['key', { here: true }]]));
      assert.deepEqual(await store.readAudio('id', 1, 3), Uint8Array.of(2, 3));
      assert.deepEqual(await store.entries(), new Map([['key', { here: true }]]));
      await store.close?.();
    });
  });

  describe('with a database that never answers', () => {
    it('rejects an open that hangs, and opens the database with the next call', async () => {
      const clock = new VirtualClock();
      let hangs = true;
      globalThis.indexedDB = new (class extends IDBFactory {
        override open(name: string, version?: number) {
          if (!hangs) return super.open(name, version);
          // Its events are never sent.
          return Object.assign(super.open(`${name}, without an answer`, version), {
            addEventListener: () => undefined,
          });
        }
      })();
      interface Schema extends DBSchema {
        things: { key: string; value: number };
      }
      const database = new Database<Schema>({
        name: 'hangs',
        version: 1,
        upgrade: (db) => void db.createObjectStore('things'),
        clock,
      });
      const put = () => database.run('readwrite', (tx) => tx.objectStore('things').put(1, 'one'));
      const first = assert.rejects(put(), { name: 'TimeLimitError' });
      await clock.advance(60_000);
      await first;
      hangs = false;
      assert.equal(await put(), 'one');
      database.close();
    });
  });

  it('notifies other tabs of changes', async () => {
    const [here, there] = [indexedDbStore({ uid: 'tabs' }), indexedDbStore({ uid: 'tabs' })];
    const told = new Promise<void>((resolve) => there.watch?.(resolve));
    await here.put(new Map([['key', {}]]));
    await told;
    await Promise.all([here.close?.(), there.close?.()]);
  });
});
