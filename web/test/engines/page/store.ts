import assert from 'node:assert/strict';
import { LeaseLostError } from 'offline-audio-sync-client';
import { indexedDbStore } from 'offline-audio-sync-client/indexeddb';
import { storeContract } from '../../../../client/test/support/storeContract.ts';
import { Journal } from '../../../src/record/journal.ts';
import { checkKeeping } from '../../../src/record/keeping.ts';

describe('the store in IndexedDB', () => {
  let uid = '';
  const create = () => {
    uid = crypto.randomUUID();
    return Promise.resolve(indexedDbStore({ uid }));
  };
  storeContract({ create, reopen: () => Promise.resolve(indexedDbStore({ uid })) });

  it('belongs to one of several contexts, and refuses writes under a lease that is over', async () => {
    await create();
    const [one, two] = [indexedDbStore({ uid }), indexedDbStore({ uid })];
    const holding = new AbortController();
    const lease = await one.own?.(holding.signal, false);
    assert.ok(lease);
    assert.equal(await two.own?.(new AbortController().signal, false), null);
    holding.abort();
    const next = await two.own?.(new AbortController().signal, true);
    assert.ok(next);
    const refused = await one.put(new Map([['key', {}]]), lease).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(refused instanceof LeaseLostError);
    assert.equal((await two.entries()).size, 0);
    await Promise.all([one.close?.(), two.close?.()]);
  });
});

describe('the recorder’s journal', () => {
  it('stores pieces in order, and returns them as one file', async () => {
    const journal = new Journal(crypto.randomUUID());
    for (const byte of [1, 2, 3]) await journal.append({ name: 'a', bytes: Uint8Array.of(byte), last: byte === 3 });
    await journal.append({ name: 'b', bytes: Uint8Array.of(9), last: false });
    assert.deepEqual(await journal.names(), ['a', 'b']);
    assert.deepEqual(new Uint8Array(await (await journal.read('a')).arrayBuffer()), Uint8Array.of(1, 2, 3));
    await journal.remove('a');
    assert.deepEqual(await journal.names(), ['b']);
    await journal.close();
  });

  it('overwrites nothing that another tab has recorded meanwhile, and lists files in the order in which they were begun', async () => {
    const uid = crypto.randomUUID();
    const [one, two] = [new Journal(uid), new Journal(uid)];
    const append = async (journal: Journal, name: string, ...bytes: number[]): Promise<void> => {
      for (const byte of bytes) await journal.append({ name, bytes: Uint8Array.of(byte), last: false });
    };
    await append(one, 'c', 1, 2);
    await one.remove('c');
    await append(two, 'b', 3, 4, 5, 6);
    await append(one, 'a', 7, 8);
    assert.deepEqual(await one.names(), ['b', 'a']);
    for (const [name, bytes] of [
      ['b', Uint8Array.of(3, 4, 5, 6)],
      ['a', Uint8Array.of(7, 8)],
    ] as const)
      assert.deepEqual(new Uint8Array(await (await two.read(name)).arrayBuffer()), bytes);
    await Promise.all([one.close(), two.close()]);
  });

  it('can be stored, according to the check before recording begins', async () => {
    const journal = new Journal(crypto.randomUUID());
    const { obstacle } = await checkKeeping({ journal, storage: navigator.storage });
    assert.equal(obstacle, null);
    assert.deepEqual(await journal.names(), []);
    await journal.close();
  });
});
