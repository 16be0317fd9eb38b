import assert from 'node:assert/strict';
import { problem } from '../support/fakeWire.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('A client that is told to wait', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('waits as long as a 429 asks, does not count it as a failure, and says so', async () => {
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

  for (const retryAfter of ['0', '-30', 'NaN', '1e9', 'soon', 'Wed, 31 Dec 2025 00:00:00 GMT'])
    it(`does not ask repeatedly after a 429 with "Retry-After: ${retryAfter}", and continues automatically`, async () => {
      const client = await world.client();
      world.server.faults = Array.from({ length: 10_000 }, () => 'rate_limited');
      world.server.retryAfterSeconds = retryAfter;
      await world.add(client);
      await world.clock.advance(MINUTE_MS);
      assert.ok(world.server.requests.length <= 61, `${world.server.requests.length} requests in a minute`);
      world.server.faults = [];
      await world.clock.advance(2 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced']);
    });

  it('waits at most a day and an hour, whatever date the server names', async () => {
    for (const [status, code] of [
      [429, 'fair_use_restricted'],
      [500, 'internal'],
    ] as const) {
      const other = new World();
      const client = await other.client();
      other.server.stranger = () => problem(status, code, { retryAfter: 'Tue, 05 Jan 2027 09:00:00 GMT' });
      await other.add(client);
      await other.clock.advance(1000);
      other.server.stranger = null;
      await other.clock.advance(28 * HOUR_MS);
      assert.deepEqual(states(client), ['synced'], code);
    }
  });

  it('still waits after a restart', async () => {
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

  it('follows accepted jobs while the server accepts nothing new, also after a restart', async () => {
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

  it('follows no jobs while the server asks for no requests at all', async () => {
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

  it('reads a wait that was stored by a version with one wait for all requests', async () => {
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
