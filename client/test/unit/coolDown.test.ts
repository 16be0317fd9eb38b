import assert from 'node:assert/strict';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('a client that is told to wait', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('waits as long as a 429 asks, counts it as no failure, and says so', async () => {
    const client = await world.client();
    world.server.faults = Array.from({ length: 16 }, () => 'rate_limited');
    world.server.retryAfterSeconds = 120;
    await world.add(client);
    await world.clock.advance(1000);
    const status = client.status();
    assert.equal(status.state, 'cooling_down');
    assert.equal(status.reason, 'fair_use_restricted');
    assert.ok((status.until ?? 0) >= world.clock.now() + 119_000);

    const asked = world.server.requests.length;
    await world.clock.advance(118_000);
    assert.equal(world.server.requests.length, asked, 'nothing is sent before its time');
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('keeps to a cool-down when it is started anew', async () => {
    const first = await world.client();
    world.server.faults = ['busy'];
    world.server.retryAfterSeconds = 600;
    await world.add(first);
    await world.clock.advance(1000);
    world.device.kill();
    const second = await world.client();
    const asked = world.requests('syncUpload');
    await world.clock.advance(9 * MINUTE_MS);
    assert.equal(world.requests('syncUpload'), asked);
    await second.syncNow();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced'], 'a person may ask before');
  });

  it('follows what was accepted while the server takes nothing new, also when it is started anew', async () => {
    const first = await world.client();
    await world.add(first);
    await world.clock.advance(100);
    assert.deepEqual(states(first), ['uploaded']);
    world.server.faults = ['rate_limited'];
    world.server.retryAfterSeconds = 6 * 3600;
    await world.add(first);
    await world.clock.advance(100);
    assert.equal(first.status().state, 'cooling_down');
    world.device.kill();

    const second = await world.client();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced', 'uploading']);
    assert.equal(world.device.handedOver.size, 1);
    assert.equal(second.status().reason, 'fair_use_restricted');
    await world.clock.advance(5 * HOUR_MS);
    assert.equal(world.requests('syncUpload'), 2);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(states(second), ['synced', 'synced']);
  });

  it('follows nothing while the server wants to be left alone', async () => {
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(100);
    world.server.faults = ['busy'];
    world.server.retryAfterSeconds = 3600;
    await world.add(client);
    await world.clock.advance(HOUR_MS / 2);
    assert.deepEqual(states(client), ['uploaded', 'uploading']);
    assert.equal(world.requests('syncStatus'), 0);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
  });

  it('reads a cool-down of a version that had one for everything', async () => {
    const until = world.clock.now() + HOUR_MS;
    await world.device.disk.put(new Map([['coolDown', { until, reason: 'fair_use_restricted' }]]));
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(client.status(), { state: 'cooling_down', reason: 'fair_use_restricted', until });
    await client.syncNow();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });
});
