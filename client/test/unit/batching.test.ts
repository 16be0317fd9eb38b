import assert from 'node:assert/strict';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('A client that sends recordings in batches', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('sends a thousand small recordings in at most twelve requests', async () => {
    const client = await world.client({ gatherMs: 1000 });
    for (let i = 0; i < 1000; i++) await world.add(client, 2000);
    assert.ok(
      await world.clock.until(() => new Set(states(client)).size === 1 && states(client)[0] === 'synced', HOUR_MS),
    );
    await world.clock.advance(MINUTE_MS);
    assert.ok(world.server.requests.length <= 12, `${world.server.requests.length} requests`);
  });

  it('makes one batch of recordings that are added together, and two batches of two recordings with one name', async () => {
    const client = await world.client({ gatherMs: 1000 });
    for (let i = 0; i < 5; i++) {
      await world.add(client);
      await world.clock.advance(900);
    }
    await world.clock.advance(MINUTE_MS);
    assert.equal(world.requests('syncUpload'), 1);

    const name = world.nextName();
    await world.add(client, 50, name);
    await world.add(client, 60, name);
    await world.clock.advance(MINUTE_MS);
    assert.equal(world.requests('syncUpload'), 3);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
  });

  it('begins a batch after a while even if recordings are still being added', async () => {
    const client = await world.client({ gatherMs: 1000 });
    for (let i = 0; i < 60; i++) {
      await world.add(client);
      await world.clock.advance(500);
    }
    assert.ok(
      states(client)
        .slice(0, 20)
        .every((state) => state !== 'waiting'),
      states(client).join(),
    );
    assert.ok(world.requests('syncUpload') <= 3, `${world.requests('syncUpload')} requests`);
  });

  it('tries large requests again a day after a network refused them, because the device may have moved', async () => {
    const client = await world.client();
    const usual = world.server.maxRequestBytes;
    world.server.maxRequestBytes = 2000;
    const uploaded = async (): Promise<number> => {
      const before = world.requests('createSyncJob');
      await world.add(client, 5000);
      await world.clock.advance(MINUTE_MS);
      return world.requests('createSyncJob') - before;
    };
    assert.equal(await uploaded(), 1, 'by Storage');
    world.server.maxRequestBytes = usual;
    assert.equal(await uploaded(), 1, 'it may be the same network');
    await world.clock.advance(25 * HOUR_MS);
    assert.equal(await uploaded(), 0, 'in one request');
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
  });

  it('uses Storage if the server accepts less in one request than expected', async () => {
    const client = await world.client();
    world.server.maxRequestBytes = 2000;
    await world.add(client, 5000);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.requests('createSyncJob'), 1);
  });

  it('makes smaller jobs if the server accepts fewer recordings in one job than expected', async () => {
    const client = world.device.start(Infinity, { limits: { maxRequestBytes: 1 } });
    for (let i = 0; i < 7; i++) await world.add(client);
    world.server.maxNameBytes = 3 * world.nextName().length;
    await client.start();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
    assert.equal(world.server.jobs.size, 3);
  });

  it('gives up a single recording that is too large for a job', async () => {
    const client = await world.client({ limits: { maxRequestBytes: 1 } });
    world.server.maxNameBytes = 1;
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.equal(client.recordings()[0]?.failure?.code, 'too_many_files');
    assert.equal(world.requests('createSyncJob'), 1);
  });
});
