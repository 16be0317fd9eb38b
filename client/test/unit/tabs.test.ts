import assert from 'node:assert/strict';
import type { SyncClient } from '../../src/client.ts';
import { Tabs } from '../support/tabs.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('a store that several tabs share', () => {
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

  it('has one client at work; another one adds, and takes over when the first is gone', async () => {
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

  it('hands no job over twice when another tab takes over', async () => {
    await world.add(first);
    await world.clock.until(() => completions.length === 1, HOUR_MS);
    // The server was not told of it.
    for (const job of world.server.jobs.values()) job.acknowledgedAt = null;
    await first.dispose();
    await world.clock.advance(HOUR_MS);
    assert.equal(completions.length, 1);
  });

  it('keeps to a cool-down when another tab takes over', async () => {
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
