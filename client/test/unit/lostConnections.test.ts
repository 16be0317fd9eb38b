/** Browsers close databases of pages in the background at any moment. Nothing is lost then, and nothing is done twice. */
import assert from 'node:assert/strict';
import { forceCloseDatabase, IDBDatabase as Connection, IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import type { SyncClientOptions } from '../../src/options.ts';
import { indexedDbStore } from '../../src/indexeddb.ts';
import type { RecordingStore } from '../../src/store.ts';
import { MINUTE_MS, states, World } from '../support/world.ts';

/** What happens to a transaction and its connection. */
type Loss = (tx: IDBTransaction) => void;

const LOSSES: Readonly<Record<string, Loss>> = {
  'is closed with its first request under way': (tx) => {
    forceCloseDatabase(tx.db as unknown as Parameters<typeof forceCloseDatabase>[0]);
  },
  'aborts the transaction in its middle': (tx) => {
    setImmediate(() => {
      try {
        tx.abort();
      } catch {
        // It had ended before.
      }
    });
  },
  'is closed without a word before its next transaction': (tx) => {
    tx.db.close();
  },
};

/** The store as a client uses it, while no virtual time passes. */
function timeless(store: RecordingStore, { clock }: World): RecordingStore {
  return {
    entries: () => clock.during(() => store.entries()),
    put: (...args) => clock.during(() => store.put(...args)),
    remove: (...args) => clock.during(() => store.remove(...args)),
    audioIds: () => clock.during(() => store.audioIds()),
    putAudio: (...args) => clock.during(() => store.putAudio(...args)),
    readAudio: (...args) => clock.during(() => store.readAudio(...args)),
    removeAudio: (...args) => clock.during(() => store.removeAudio(...args)),
  };
}

describe('A client whose database', () => {
  const transaction = Reflect.get(Connection.prototype, 'transaction') as IDBDatabase['transaction'];
  let count: number;
  let lost: (number: number, tx: IDBTransaction) => void;
  before(() => {
    Connection.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
      const tx = transaction.apply(this, args);
      count += 1;
      lost(count, tx as unknown as IDBTransaction);
      return tx;
    };
  });
  after(() => {
    Connection.prototype.transaction = transaction;
  });

  /** Syncs two recordings, one as a request, one in pieces. @returns the number of transactions */
  async function sync(way: string): Promise<number> {
    globalThis.indexedDB = new IDBFactory();
    count = 0;
    const world = new World();
    const store = indexedDbStore({ uid: 'ann' });
    const options: Partial<SyncClientOptions> = { store: timeless(store, world), limits: { maxRequestBytes: 5000 } };
    const client = await world.client(options);
    await world.add(client, 100);
    await world.add(client, 20_000);
    await world.clock.advance(20 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'synced'], way);
    assert.deepEqual(await store.audioIds(), [], way);
    assert.deepEqual([...world.server.transcribed.values()], [1, 1], way);
    assert.deepEqual([...world.device.handedOver.values()], [1, 1], way);
    await client.dispose();
    await store.close?.();
    return count;
  }

  for (const [what, lose] of Object.entries(LOSSES))
    it(`${what} syncs everything once, whichever transaction is affected`, async () => {
      lost = () => undefined;
      const all = await sync('undisturbed');
      for (let at = 1; at <= all; at++) {
        lost = (number, tx) => {
          if (number === at) lose(tx);
        };
        await sync(`at transaction ${at} of ${all}`);
      }
    });
});
