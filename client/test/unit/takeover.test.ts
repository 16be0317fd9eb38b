/** Browsers and systems may freeze the working tab. Another one takes over, and nothing is lost or done twice. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import 'fake-indexeddb/auto';
import type { SyncClient } from '../../src/client.ts';
import { indexedDbStore } from '../../src/indexeddb.ts';
import { ownLock } from '../../src/ownLock.ts';
import { LeaseLostError } from '../../src/store.ts';
import { FakeLocks } from '../support/fakeLocks.ts';
import { Tabs } from '../support/tabs.ts';
import { VirtualClock } from '../support/virtualClock.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('A frozen tab', () => {
  let world: World;
  let tabs: Tabs;
  let first: SyncClient;
  let second: SyncClient;
  /** Ends the wait of the frozen tab. */
  let wake: () => void;
  beforeEach(async () => {
    world = new World();
    tabs = new Tabs(world);
    let stuck: Promise<void> | null = null;
    const stand = (): void => {
      stuck = new Promise((resolve) => {
        wake = () => {
          stuck = null;
          resolve();
        };
      });
    };
    first = tabs.open({
      fetch: async (input, init) => {
        const answer = await world.server.fetch(input, init);
        // The tab freezes after the answer has arrived.
        if ((input as string).includes('syncUpload') && world.requests('syncUpload') === 1) stand();
        await stuck;
        return answer;
      },
    });
    second = tabs.open();
    await first.start();
    await world.clock.settle();
    await second.start();
    await world.add(first);
    await world.add(second);
    await world.clock.until(() => world.requests('syncUpload') === 1, MINUTE_MS);
  });
  afterEach(async () => {
    await Promise.all([first.dispose(), second.dispose()]);
    assert.deepEqual(tabs.errors, []);
  });

  it('is replaced by another one: its work is done once, and its writes are refused when it continues', async () => {
    const tell = tabs.takeOver();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced', 'synced']);
    const entries = await tabs.disk.entries();
    wake();
    await world.clock.settle();
    assert.deepEqual(await tabs.disk.entries(), entries, 'nothing of it is written');
    tell();
    await world.clock.advance(MINUTE_MS);
    assert.equal(first.status().state, 'standby');
    assert.deepEqual(states(first), ['synced', 'synced'], 'it shows what the other has done');
    assert.deepEqual(await tabs.disk.entries(), entries);
    assert.equal(world.server.jobs.size, 2, 'one job for each recording: a batch is the same one to the server');
  });

  it('stands by when it continues, passes on requests of its app, and can take over again', async () => {
    const tell = tabs.takeOver();
    await world.clock.advance(MINUTE_MS);
    tell();
    wake();
    await world.clock.settle();
    await world.add(first);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced', 'synced', 'synced']);
    await second.dispose();
    await world.add(first);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(first), ['synced', 'synced', 'synced', 'synced']);
  });

  it('passes requests on to the other tab, even before it knows of the takeover', async () => {
    const tell = tabs.takeOver();
    await world.clock.advance(MINUTE_MS);
    const { id } = first.recordings()[0]!;
    wake();
    await world.clock.settle();
    await first.syncNow();
    await world.clock.advance(MINUTE_MS);
    assert.equal(
      second.recordings().some((recording) => recording.id === id),
      true,
    );
    assert.deepEqual(
      [...(await tabs.disk.entries()).keys()].filter((key) => key.startsWith('wish/')),
      [],
    );
    tell();
  });
});

describe('The lock of a store', () => {
  let clock: VirtualClock;
  let locks: FakeLocks;
  const channels: BroadcastChannel[] = [];
  beforeEach(() => {
    clock = new VirtualClock();
    locks = new FakeLocks();
    Object.defineProperty(globalThis.navigator, 'locks', { value: locks, configurable: true });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis.navigator, 'locks');
    for (const channel of channels.splice(0)) channel.close();
  });

  const tab = () => {
    const channel = new BroadcastChannel('lock');
    channels.push(channel);
    return { own: ownLock({ name: 'lock', channel, clock }), channel };
  };

  /** Lets time pass. Messages between tabs need a turn or two of their own. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      await clock.advance(1000);
      for (let i = 0; i < 5; i++) await turn();
    }
  }

  it('stays with a tab that answers, however long another one waits', async () => {
    const [one, two] = [tab(), tab()];
    const lost = await one.own(new AbortController().signal, false);
    const waiting = new AbortController();
    let got: AbortSignal | null | undefined;
    const other = two.own(waiting.signal, true).then((held) => (got = held));
    await pass(30 * MINUTE_MS);
    assert.deepEqual([lost?.aborted, got], [false, undefined]);
    waiting.abort();
    assert.equal(await other, null);
  });

  it('passes to the waiting tab when its owner ends', async () => {
    const [one, two] = [tab(), tab()];
    const holding = new AbortController();
    const lost = await one.own(holding.signal, false);
    const other = two.own(new AbortController().signal, true);
    await pass(1000);
    holding.abort();
    assert.equal((await other)?.aborted, false);
    assert.equal(lost?.aborted, false, 'it was not taken');
  });

  it('is taken from a tab that does not answer for a minute, and that tab is told', async () => {
    const [one, two] = [tab(), tab()];
    const lost = await one.own(new AbortController().signal, false);
    one.channel.close();
    const got: (AbortSignal | null)[] = [];
    void two.own(new AbortController().signal, true).then((held) => got.push(held));
    await pass(45_000);
    assert.equal(got.length, 0);
    await pass(30_000);
    assert.deepEqual([got[0]?.aborted, lost?.aborted], [false, true]);
    // The new owner answers too.
    const waiting = new AbortController();
    const later = tab().own(waiting.signal, true);
    await pass(10 * MINUTE_MS);
    assert.equal(got[0]?.aborted, false);
    waiting.abort();
    assert.equal(await later, null);
  });

  it('makes IndexedDB refuse writes under a lease that was taken over', async () => {
    const [one, two] = [indexedDbStore({ uid: 'lease', clock }), indexedDbStore({ uid: 'lease', clock })];
    const entry = new Map([['recording/a', { by: 'one' }]]);
    const old = (await one.own?.(new AbortController().signal, false))!;
    await one.putAudio('a', Uint8Array.of(1), entry);
    await one.put(entry, old);
    locks.steal('offline-audio-sync/lease');
    const current = (await two.own?.(new AbortController().signal, false))!;
    assert.equal(old.lost.aborted, true);
    for (const write of [
      () => one.put(new Map([['recording/a', { by: 'old' }]]), old),
      () => one.remove(['recording/a'], old),
      () => one.removeAudio('a', ['recording/a'], old),
    ])
      await assert.rejects(write(), LeaseLostError);
    assert.deepEqual(await two.entries(), entry);
    assert.deepEqual(await two.audioIds(), ['a']);
    await two.remove(['recording/a'], current);
    assert.equal((await one.entries()).size, 0);
    await Promise.all([one.close?.(), two.close?.()]);
  });
});
