import assert from 'node:assert/strict';
import { createSyncClient, memoryStore, type Backend } from 'offline-audio-sync-client';
import { addEach } from '../../src/sync/addEach.ts';
import { storageKeeper } from '../../src/sync/storageKeeper.ts';

const NOWHERE: Backend = {
  functionsUrl: 'http://127.0.0.1:9',
  storageUrl: 'http://127.0.0.1:9',
  idToken: () => Promise.resolve(null),
  endedJobs: () => Promise.resolve([]),
};

describe('Several recordings that are added at once', () => {
  it('are stored except for the invalid ones, each of which is named', async () => {
    const client = createSyncClient({ store: memoryStore(), backend: NOWHERE });
    const good = Array.from({ length: 5 }, (_, i) => ({
      name: `memo_${1_760_000_000 + i}.wav`,
      data: new Blob(['x']),
    }));
    const empty = { name: 'empty_1760000000.wav', data: new Blob([]) };
    const quoted = { name: 'a"b_1760000000.wav', data: new Blob(['x']) };
    const all = [...good.slice(0, 2), empty, quoted, ...good.slice(2)];
    const refusals = await addEach(all, (recording) => client.add(recording));
    assert.deepEqual(
      refusals.map(({ name }) => name),
      [empty.name, quoted.name],
    );
    assert.equal(refusals[0]?.reason, 'The recording has no bytes.');
    assert.deepEqual(
      client.recordings().map(({ name }) => name),
      good.map(({ name }) => name),
    );
    await client.dispose();
  });

  it('are refused with a sentence if there is no room', async () => {
    const full = () => Promise.reject(new DOMException('quota', 'QuotaExceededError'));
    assert.deepEqual(await addEach([{ name: 'a' }], full), [
      { name: 'a', reason: 'There is no room left on this device.' },
    ]);
  });
});

describe('The browser’s promise to keep storage', () => {
  function browser(persisted: boolean, grants: boolean) {
    const asked: string[] = [];
    const answer = (name: string, value: boolean) => () => {
      asked.push(name);
      return Promise.resolve(value);
    };
    return { asked, persisted: answer('persisted', persisted), persist: answer('persist', grants) };
  }

  it('is requested once a page', async () => {
    const storage = browser(false, true);
    const keeper = storageKeeper(storage);
    assert.equal(keeper.promised.value, null);
    await keeper.ask();
    await keeper.ask();
    assert.deepEqual([keeper.promised.value, storage.asked], [true, ['persisted', 'persist']]);
  });

  it('is not requested if it was given before', async () => {
    const storage = browser(true, false);
    const keeper = storageKeeper(storage);
    await keeper.ask();
    assert.deepEqual([keeper.promised.value, storage.asked], [true, ['persisted']]);
  });

  it('may be refused, and checking it asks the user nothing', async () => {
    const storage = browser(false, false);
    const keeper = storageKeeper(storage);
    await keeper.look();
    assert.deepEqual([keeper.promised.value, storage.asked], [false, ['persisted']]);
  });

  it('is unknown if the browser does not answer', async () => {
    const failing = () => Promise.reject(new TypeError('no storage'));
    const silent = storageKeeper({ persisted: failing, persist: failing });
    await Promise.all([silent.ask(), storageKeeper(undefined).ask()]);
    assert.equal(silent.promised.value, null);
  });
});
