import assert from 'node:assert/strict';
import type { SyncClient } from '../../src/client.ts';
import { Tabs } from '../support/tabs.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('A store that several tabs share', () => {
  let world: World;
  let tabs: Tabs;
  let first: SyncClient;
  let second: SyncClient;
  let completions: string[];
  beforeEach(async () => {
    world = new World();
    tabs = new Tabs(world);
    completions = [];
    const onCompletion = ({ jobId }: { jobId: string }) => void completions.push(jobId);
    [first, second] = [tabs.open({ onCompletion }), tabs.open({ onCompletion })];
    await first.start();
    await world.clock.settle();
    await second.start();
    await world.clock.settle();
    assert.equal(second.status().state, 'standby');
  });
  afterEach(async () => {
    await Promise.all([first.dispose(), second.dispose()]);
    assert.deepEqual(tabs.errors, []);
  });

  it('is read once by the tab that works, once by one that stands by, and once more when that takes over', async () => {
    const alone = new Tabs(world);
    const entries = alone.disk.entries.bind(alone.disk);
    let reads = 0;
    Object.assign(alone.disk, {
      entries: () => {
        reads += 1;
        return entries();
      },
    });
    const [one, another] = [alone.open(), alone.open()];
    await one.start();
    await world.clock.settle();
    assert.deepEqual([reads, one.status().state], [1, 'idle']);
    await another.start();
    await world.clock.settle();
    assert.deepEqual([reads, another.status().state], [2, 'standby']);
    await one.dispose();
    await world.clock.settle();
    assert.deepEqual([reads, another.status().state], [3, 'idle']);
    await another.dispose();
    assert.deepEqual(alone.errors, []);
  });

  it('can be read if the browser never says which tab works on it', async () => {
    const alone = new Tabs(world);
    const client = alone.open();
    await world.add(client);
    await client.dispose();
    const store = { ...alone.disk, own: () => new Promise<null>(() => undefined) };
    const shown = alone.open({ store });
    const starting = shown.start();
    await world.clock.advance(2 * MINUTE_MS);
    await starting;
    assert.deepEqual(states(shown), ['waiting']);
    assert.deepEqual([shown.status().state, shown.status().reason], ['backing_off', 'internal']);
    const ending = shown.dispose();
    await world.clock.advance(MINUTE_MS);
    await ending;
  });

  it('has one working client; another one adds recordings, and takes over when the first is gone', async () => {
    await world.add(second);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(first), ['synced']);
    assert.deepEqual(states(second), ['synced'], 'it sees what the other does');
    assert.equal(world.requests('syncUpload'), 1);

    await first.dispose();
    await world.add(second);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced', 'synced']);
  });

  describe('lets a tab pass these requests on to the working tab:', () => {
    /** A recording that the server has refused, and would accept now. */
    async function failed(): Promise<string> {
      const name = world.nextName();
      world.server.refused.set(name, 'bad_name');
      const { id } = await world.add(first, 100, name);
      await world.clock.advance(MINUTE_MS);
      assert.deepEqual([states(first), states(second)], [['failed'], ['failed']]);
      world.server.refused.clear();
      return id;
    }

    it('a retry', async () => {
      await second.retry(await failed());
      await world.clock.advance(MINUTE_MS);
      assert.deepEqual([states(first), states(second)], [['synced'], ['synced']]);
      assert.equal(world.requests('syncUpload'), 2);
    });

    it('a retry of recordings that are on the server', async () => {
      const { id, name } = await world.add(first);
      world.server.failing.set(name, { code: 'attempts_exhausted', retryable: true });
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(second), ['failed']);
      await second.retry(id);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual([states(first), states(second)], [['synced'], ['synced']]);
      assert.equal(world.requests('syncUpload'), 1);
    });

    it('a permanent removal', async () => {
      const id = await failed();
      await second.discard(id);
      assert.deepEqual(second.recordings(), [], 'at once');
      await world.clock.settle();
      assert.deepEqual([first.recordings(), second.recordings()], [[], []]);
      assert.deepEqual([await tabs.disk.audioIds(), [...(await tabs.disk.entries()).keys()]], [[], []]);
      await assert.rejects(first.discard(id), { code: 'not_found' });
    });

    it('a removal of waiting recordings, which are then not uploaded', async () => {
      world.server.faults = ['busy'];
      await world.add(first);
      await world.clock.settle();
      const { id } = await world.add(second);
      await world.clock.settle();
      assert.deepEqual(states(first), ['uploading', 'waiting']);
      await second.discard(id);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual([states(first), states(second)], [['synced'], ['synced']]);
    });

    it('a removal that comes too late for recordings that are being sent', async () => {
      world.server.faults = ['hang'];
      const { id } = await world.add(first);
      await world.clock.settle();
      assert.deepEqual(states(first), ['uploading']);
      // Written by a tab that did not know of that yet.
      await tabs.disk.put(new Map([['wish/late', { id, what: 'gone' }]]));
      await world.add(second);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(
        [states(first), states(second)],
        [
          ['synced', 'synced'],
          ['synced', 'synced'],
        ],
      );
      assert.equal((await tabs.disk.entries()).has('wish/late'), false);
    });

    it('ending a wait', async () => {
      world.server.faults = ['busy'];
      world.server.retryAfterSeconds = 6 * 3600;
      await world.add(first);
      await world.clock.advance(MINUTE_MS);
      assert.equal(first.status().state, 'cooling_down');
      await second.syncNow();
      await world.clock.advance(MINUTE_MS);
      assert.deepEqual(states(first), ['synced']);
    });

    it('a request that its own tab fulfils if it takes over before', async () => {
      const id = await failed();
      await Promise.all([first.dispose(), second.retry(id)]);
      await world.clock.advance(MINUTE_MS);
      assert.deepEqual(states(second), ['synced']);
      assert.deepEqual(
        [...(await tabs.disk.entries()).keys()].filter((key) => key.startsWith('wish/')),
        [],
      );
    });

    it('a cancellation, after which only the working tab hands over the job', async () => {
      await world.add(first);
      await world.clock.advance(100);
      await second.cancelJob(first.recordings()[0]?.jobId ?? '');
      await world.clock.advance(HOUR_MS);
      assert.deepEqual([states(first), states(second)], [['failed'], ['failed']]);
      assert.equal(completions.length, 1);
    });
  });

  it('hands no job over twice when another tab takes over', async () => {
    await world.add(first);
    await world.clock.until(() => completions.length === 1, HOUR_MS);
    // The server was not told of it.
    for (const job of world.server.jobs.values()) job.acknowledgedAt = null;
    await first.dispose();
    await world.clock.advance(HOUR_MS);
    assert.equal(completions.length, 1);
  });

  it('keeps the server’s wait when another tab takes over', async () => {
    world.server.faults = ['busy'];
    world.server.retryAfterSeconds = 6 * 3600;
    await world.add(first);
    await world.clock.advance(MINUTE_MS);
    await first.dispose();
    await world.clock.advance(5 * HOUR_MS);
    assert.equal(second.status().state, 'cooling_down');
    assert.equal(world.requests('syncUpload'), 1);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(states(second), ['synced']);
  });
});
