import assert from 'node:assert/strict';
import type { RecordingStore } from '../../src/store.ts';
import type { Fault } from '../support/fakeServer.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('A store that fails', () => {
  let world: World;
  let isFull: boolean;
  let store: RecordingStore;
  beforeEach(() => {
    world = new World();
    isFull = false;
    const { disk } = world.device;
    const unlessFull = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isFull) throw new Error('The disk is full.');
      return work();
    };
    store = {
      ...disk,
      entries: () => unlessFull(() => disk.entries()),
      put: (entries) => unlessFull(() => disk.put(entries)),
      remove: (keys) => unlessFull(() => disk.remove(keys)),
      audioIds: () => unlessFull(() => disk.audioIds()),
    };
  });

  /** The disk is full from the first request to this function on. The request itself fails. */
  function fullAt(name: string, fault: Fault): typeof fetch {
    let isFirst = true;
    return (input, init) => {
      if (isFirst && (input as string).includes(name)) {
        isFirst = false;
        isFull = true;
        world.server.faults = [fault];
      }
      return world.server.fetch(input, init);
    };
  }

  const cases: readonly [request: string, fault: Fault][] = [
    ['syncUpload', 'busy'],
    ['syncUpload', 'bad_gateway'],
    ['syncUpload', 'none'],
    ['syncStatus', 'busy'],
    ['syncStatus', 'none'],
  ];
  for (const [request, fault] of cases) {
    it(`is retried: full at ${request}, ${fault}`, async () => {
      const client = await world.client({ store, fetch: fullAt(request, fault) });
      await world.add(client);
      await world.clock.advance(HOUR_MS);
      assert.notDeepEqual(states(client), ['synced']);
      assert.ok(world.device.errors.length > 0, 'the app hears of it');
      // Both loops have growing waits of up to five minutes.
      assert.ok(world.device.errors.length < 60, `not ${world.device.errors.length} times`);
      isFull = false;
      await world.clock.advance(10 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced']);
    });
  }

  it('to delete audio is asked again, without a restart', async () => {
    const { disk } = world.device;
    let failures = 3;
    const client = await world.client({
      store: {
        ...disk,
        removeAudio: async (id, keys) => {
          if (failures-- > 0) throw new Error('The file is in use.');
          await disk.removeAudio(id, keys);
        },
      },
    });
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.deepEqual(await disk.audioIds(), []);
  });

  for (const afterMs of [0, 100, 1000, MINUTE_MS]) {
    it(`sends no part of a batch twice that it stored but reported as failed, if the process ends ${afterMs} ms later`, async () => {
      const { disk } = world.device;
      let isFirst = true;
      const put: RecordingStore['put'] = async (entries) => {
        await disk.put(entries);
        if (!isFirst || ![...entries.keys()].some((key) => key.startsWith('batch/'))) return;
        isFirst = false;
        throw new Error('The disk is full.');
      };
      const first = await world.client({ store: { ...disk, put } });
      await world.add(first);
      await world.clock.advance(afterMs);
      world.device.kill();
      const second = await world.client();
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(second), ['synced']);
      assert.equal(world.server.jobs.size, 1);
      assert.deepEqual(
        world.device.errors.map((error) => (error as Error).message),
        ['The disk is full.'],
      );
      assert.deepEqual(
        [...(await disk.entries()).keys()].filter((key) => key.startsWith('batch/')),
        [],
      );
      await second.dispose();
    });
  }

  it('keeps nothing of a recording that it refused, even if it had stored it', async () => {
    const { disk } = world.device;
    let isBroken = true;
    const putAudio: RecordingStore['putAudio'] = async (...audio) => {
      await disk.putAudio(...audio);
      if (isBroken) throw new Error('The disk is full.');
    };
    const client = await world.client({ store: { ...disk, putAudio } });
    await assert.rejects(world.add(client), /full/);
    assert.deepEqual(await disk.audioIds(), []);
    assert.deepEqual(client.recordings(), []);
    isBroken = false;
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.server.jobs.size, 1);
  });

  it('keeps nothing of a recording that it refused, even if it could not be deleted immediately', async () => {
    const { disk } = world.device;
    let failures = 2;
    const failing = (): void => {
      if (failures-- > 0) throw new Error('The disk is full.');
    };
    const client = await world.client({
      store: {
        ...disk,
        putAudio: async (...audio) => {
          await disk.putAudio(...audio);
          failing();
        },
        removeAudio: async (id, keys) => {
          failing();
          await disk.removeAudio(id, keys);
        },
      },
    });
    await assert.rejects(world.add(client), /full/);
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.deepEqual(await disk.audioIds(), []);
    assert.equal([...(await disk.entries()).keys()].filter((key) => key.startsWith('recording/')).length, 1);
  });

  it('at the start makes the client wait, while another tab may work', async () => {
    const owners: AbortSignal[] = [];
    const own: RecordingStore['own'] = (signal) => {
      owners.push(signal);
      return Promise.resolve({ token: 'lease', lost: new AbortController().signal });
    };
    const client = world.device.start(Infinity, { store: { ...store, own } });
    await world.add(client);
    isFull = true;
    await client.start();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual([client.status().state, client.status().reason], ['backing_off', 'internal']);
    assert.ok(world.device.errors.length < 25, `the app heard of it ${world.device.errors.length} times`);
    assert.ok(owners.every(({ aborted }) => aborted));

    isFull = false;
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('is read again with the next call', async () => {
    const client = world.device.start(Infinity, { store });
    isFull = true;
    await assert.rejects(client.start(), /full/);
    isFull = false;
    await world.add(client);
    await client.start();
    await world.clock.advance(1000);
    assert.deepEqual(states(client), ['uploaded']);
  });

  it('is read again automatically if it could not be read at the start', async () => {
    const first = await world.client({ store });
    await world.add(first);
    world.device.kill();
    const client = world.device.start(Infinity, { store });
    isFull = true;
    await assert.rejects(client.start(), /full/);
    await world.clock.advance(HOUR_MS);
    isFull = false;
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });
});
