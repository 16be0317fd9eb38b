/** Promises that an app or a platform never settles. The client waits for each only for a limited time. */
import assert from 'node:assert/strict';
import type { SyncClient } from '../../src/client.ts';
import { memoryStore } from '../../src/memory.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import type { RecordingStore } from '../../src/store.ts';
import { MINUTE_MS, states, World } from '../support/world.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Hangs until it is opened. */
class Valve {
  isStuck = false;

  pass<T>(work: () => Promise<T>): Promise<T> {
    return this.isStuck ? never<T>() : work();
  }
}

/** What can hang, as options of a client. */
const HANGING: Readonly<Record<string, (world: World, valve: Valve) => Partial<SyncClientOptions>>> = {
  'the ID token': ({ server }, valve) => ({
    backend: { ...server.backend, idToken: (refresh) => valve.pass(() => server.backend.idToken(refresh)) },
  }),
  'the App Check token': ({ server }, valve) => ({
    backend: { ...server.backend, appCheckToken: () => valve.pass(() => Promise.resolve('app')) },
  }),
  'the list of ended jobs': ({ server }, valve) => ({
    backend: { ...server.backend, endedJobs: () => valve.pass(() => server.backend.endedJobs()) },
  }),
  'fetch, even when it is aborted': ({ server }, valve) => ({
    fetch: (input, init) => valve.pass(() => server.fetch(input, init)),
  }),
  'every call of the store': (_world, valve) => ({ store: stuckStore(valve) }),
  'the handler of completions': (_world, valve) => ({ onCompletion: () => valve.pass(() => Promise.resolve()) }),
};

function stuckStore(valve: Valve): RecordingStore {
  const store = memoryStore();
  return {
    entries: () => valve.pass(() => store.entries()),
    put: (entries) => valve.pass(() => store.put(entries)),
    remove: (keys) => valve.pass(() => store.remove(keys)),
    audioIds: () => valve.pass(() => store.audioIds()),
    putAudio: (id, audio, entries) => valve.pass(() => store.putAudio(id, audio, entries)),
    readAudio: (id, start, end) => valve.pass(() => store.readAudio(id, start, end)),
    removeAudio: (id, keys) => valve.pass(() => store.removeAudio(id, keys)),
  };
}

async function hasEnded(world: World, work: Promise<void>): Promise<boolean> {
  const ended = { is: false };
  void work.then(() => (ended.is = true));
  return world.clock.until(() => ended.is, MINUTE_MS);
}

describe('A client', () => {
  for (const [what, make] of Object.entries(HANGING)) {
    const hung = async (): Promise<{ world: World; client: SyncClient; valve: Valve }> => {
      const world = new World();
      const valve = new Valve();
      const client = await world.client(make(world, valve));
      await world.add(client, 5000);
      valve.isStuck = true;
      await world.clock.advance(20 * MINUTE_MS);
      return { world, client, valve };
    };

    it(`continues automatically when ${what} hangs for twenty minutes`, async () => {
      const { world, client, valve } = await hung();
      valve.isStuck = false;
      await world.add(client, 5000);
      await world.clock.advance(8 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced', 'synced']);
    });

    it(`can be paused and disposed of within a minute while ${what} hangs`, async () => {
      const { world, client } = await hung();
      assert.ok(await hasEnded(world, client.pause()), 'pause ends');
      assert.ok(await hasEnded(world, client.dispose()), 'dispose ends');
    });
  }
});
