/** Systems end apps on phones at any time: between two steps of a store, in the middle of an upload, in the background. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closeAfterEach, removeFolder } from '../../../dev/test/closing.ts';
import { createSyncClient } from '../../src/client.ts';
import type { SyncClient } from '../../src/client.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import { expoStore } from '../../src/react-native.ts';
import type { RecordingStore } from '../../src/store.ts';
import { ExpoProcess, expoModules } from '../support/expoModules.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

/** The store of one process, in a test in which time stands still while the store works. */
function mortal(store: RecordingStore, { clock }: World, owner: ExpoProcess): RecordingStore {
  const call = <Args extends unknown[], T>(method: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      const result = await clock.during(() => Promise.race([method(...args), owner.death]));
      return owner.alive(result as T);
    };
  };
  return {
    entries: call(() => store.entries()),
    put: call((entries) => store.put(entries)),
    remove: call((keys) => store.remove(keys)),
    audioIds: call(() => store.audioIds()),
    putAudio: call((id, audio, entries) => store.putAudio(id, audio, entries)),
    readAudio: call((id, start, end) => store.readAudio(id, start, end)),
    removeAudio: call((id, keys) => store.removeAudio(id, keys)),
  };
}

describe('An app on React Native', () => {
  let world: World;
  let root: string;
  const closing = closeAfterEach();
  const newFolder = (): string => closing(mkdtempSync(path.join(os.tmpdir(), 'expo-kills-')), removeFolder);
  beforeEach(() => {
    world = new World();
    root = newFolder();
  });

  function launch(owner: ExpoProcess, options: Partial<SyncClientOptions> = {}): SyncClient {
    const { clock, server } = world;
    return createSyncClient({
      store: mortal(expoStore({ uid: 'ann', ...expoModules(root, undefined, owner) }), world, owner),
      backend: server.backend,
      fetch: async (input, init) => owner.alive(await server.fetch(input, init)),
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        sleep: (ms, signal) => clock.sleep(ms, signal).then(() => owner.alive(undefined)),
      },
      gatherMs: 0,
      random: () => 0.5,
      ...options,
    });
  }

  for (const way of ['multipart', 'direct'] as const)
    it(`that is ended after any step of its store loses nothing that was stored, and sends nothing twice (${way})`, async () => {
      const limits = way === 'direct' ? { limits: { maxRequestBytes: 1 } } : {};
      let isOver = false;
      for (let steps = 0; !isOver; steps += 2) {
        world = new World();
        root = newFolder();
        const first = new ExpoProcess(steps);
        const kept: string[] = [];
        const before = launch(first, limits);
        void before.start();
        for (let i = 0; i < 2; i++) void world.add(before, 1000).then(({ name }) => kept.push(name));
        await world.clock.advance(MINUTE_MS);
        isOver = !first.isDead;
        first.kill();

        const second = new ExpoProcess();
        const client = launch(second, limits);
        await client.start();
        await world.clock.advance(HOUR_MS);
        const names = client.recordings().map(({ name }) => name);
        assert.ok(
          kept.every((name) => names.includes(name)),
          `after ${steps} steps ${kept.join()} are kept, and ${names.join()} are there`,
        );
        assert.ok(states(client).every((state) => state === 'synced'));
        assert.ok([...world.server.transcribed.values()].every((times) => times === 1));
        assert.deepEqual(readdirSync(path.join(root, 'offline-audio-sync-ann')), [], 'no audio is left');
        await client.dispose();
        second.kill();
      }
    });

  it('that gets a token late or never sends everything when one arrives', async () => {
    const { backend } = world.server;
    let comes = false;
    const owner = new ExpoProcess();
    const client = launch(owner, {
      backend: { ...backend, idToken: (refresh) => (comes ? backend.idToken(refresh) : new Promise(() => undefined)) },
    });
    await client.start();
    await world.add(client);
    await world.clock.advance(12 * HOUR_MS);
    assert.deepEqual([states(client), client.status().reason], [['uploading'], 'no_token']);
    assert.equal(world.server.requests.length, 0);
    comes = true;
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    owner.kill();
  });

  it('that may work for half a minute in the background sends everything piece by piece, a little each time', async () => {
    const size = 3_000_000;
    let owner = new ExpoProcess();
    await world.add(launch(owner), size);
    owner.kill();
    let launches = 0;
    for (let isDone = false; !isDone; launches += 1) {
      assert.ok(launches < 12, 'it makes progress each time');
      owner = new ExpoProcess();
      const { fetch } = world.server;
      // A slow network: four seconds for each request.
      const client = launch(owner, {
        limits: { maxRequestBytes: 1 },
        fetch: async (input, init) => {
          await world.clock.sleep(4000, new AbortController().signal);
          return owner.alive(await fetch(input, init));
        },
      });
      await client.start();
      await world.clock.advance(28_000);
      const pausing = client.pause();
      await world.clock.advance(2000);
      assert.equal(client.status().state, 'paused');
      isDone = states(client).every((state) => state === 'uploaded' || state === 'synced');
      void pausing;
      // The system ends it without notice.
      owner.kill();
      await world.clock.advance(6 * HOUR_MS);
    }
    assert.ok(world.server.audioBytes <= size + launches * 256 * 1024, `${world.server.audioBytes} bytes were sent`);
    const client = launch(new ExpoProcess());
    await client.checkMissedCompletions();
    assert.deepEqual(states(client), ['synced']);
  });
});
