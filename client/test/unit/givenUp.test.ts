import assert from 'node:assert/strict';
import type { Fault } from '../support/fakeServer.ts';
import { problem } from '../support/fakeWire.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

const of = (fault: Fault, times: number): Fault[] => Array.from({ length: times }, () => fault);

describe('A client whose server fails', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('stops trying a recording that fails for a day, keeps it, and retries it on request', async () => {
    const client = await world.client();
    world.server.faults = of('failing', 10_000);
    await world.add(client);
    await world.clock.advance(23 * HOUR_MS);
    assert.deepEqual(states(client), ['uploading'], 'not before a day has passed');
    await world.clock.advance(2 * HOUR_MS);
    const [recording] = client.recordings();
    assert.equal(recording?.failure?.code, 'gave_up');
    assert.equal(recording.failure.retryable, true);
    world.server.faults = [];
    await client.retry();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('is not held up by a recording that fails again and again', async () => {
    const { fetch } = world.server;
    const bad = world.nextName();
    const client = await world.client({
      fetch: (input, init) => {
        const isBad = init?.body instanceof Uint8Array && Buffer.from(init.body).includes(bad);
        return isBad ? Promise.resolve(problem(500, 'internal')) : fetch(input, init);
      },
    });
    await world.add(client, 100, bad);
    await world.clock.advance(MINUTE_MS);
    for (let i = 0; i < 5; i++) {
      await world.add(client);
      await world.clock.advance(10 * MINUTE_MS);
    }
    assert.deepEqual(states(client), ['uploading', 'synced', 'synced', 'synced', 'synced', 'synced']);
    await world.clock.advance(30 * HOUR_MS);
    assert.equal(client.recordings()[0]?.failure?.code, 'gave_up');
  });

  it('then asks the server every few hours, and continues automatically when it works', async () => {
    const client = await world.client();
    world.server.faults = of('failing', 10_000);
    await world.add(client);
    await world.clock.advance(26 * HOUR_MS);
    assert.deepEqual(states(client), ['failed']);
    const asked = world.requests('syncUpload');
    await world.clock.advance(24 * HOUR_MS);
    assert.ok(world.requests('syncUpload') - asked <= 4, 'at most four times a day');
    assert.deepEqual(states(client), ['failed']);
    world.server.faults = [];
    await world.clock.advance(7 * HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('retries such recordings within an hour after the server has accepted another one', async () => {
    const client = await world.client();
    world.server.faults = of('failing', 10_000);
    await world.add(client);
    while (states(client)[0] !== 'failed') await world.clock.advance(10 * MINUTE_MS);
    world.server.faults = [];
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['failed', 'synced']);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
  });
});
