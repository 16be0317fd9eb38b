import assert from 'node:assert/strict';
import { memoryStore } from '../../src/memory.ts';
import type { RecordingStore, StoredValue } from '../../src/store.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

/** A store with room for so many bytes of audio and entries. */
class SmallStore {
  room = Infinity;
  readonly disk = memoryStore();
  readonly #sizes = new Map<string, number>();

  get used(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  #reserve(sizes: ReadonlyMap<string, number>): void {
    const after = new Map([...this.#sizes, ...sizes]);
    const used = [...after.values()].reduce((sum, size) => sum + size, 0);
    if (used > this.room && used > this.used) throw new DOMException('No room.', 'QuotaExceededError');
    for (const [key, size] of sizes) this.#sizes.set(key, size);
  }

  readonly store: RecordingStore = {
    ...this.disk,
    put: async (entries) => {
      this.#reserve(sizesOf(entries));
      await this.disk.put(entries);
    },
    remove: async (keys) => {
      for (const key of keys) this.#sizes.delete(key);
      await this.disk.remove(keys);
    },
    putAudio: async (id, audio, entries) => {
      const size = audio instanceof Uint8Array ? audio.byteLength : audio.size;
      this.#reserve(new Map([...sizesOf(entries), [`audio/${id}`, size]]));
      await this.disk.putAudio(id, audio, entries);
    },
    removeAudio: async (id, keys) => {
      for (const key of [...keys, `audio/${id}`]) this.#sizes.delete(key);
      await this.disk.removeAudio(id, keys);
    },
  };
}

function sizesOf(entries: ReadonlyMap<string, StoredValue>): Map<string, number> {
  return new Map([...entries].map(([key, value]) => [key, key.length + JSON.stringify(value).length]));
}

describe('A full store', () => {
  let world: World;
  let small: SmallStore;
  beforeEach(() => {
    world = new World();
    small = new SmallStore();
  });

  it('becomes emptier: recordings in it are sent, which makes room, and that is stored afterwards', async () => {
    const client = world.device.start(Infinity, { store: small.store });
    for (let i = 0; i < 20; i++) await world.add(client, 5000);
    small.room = small.used;
    await assert.rejects(world.add(client, 5000), { name: 'QuotaExceededError' });
    await client.start();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
    assert.deepEqual(
      world.device.errors.map((error) => (error as Error).name),
      ['QuotaExceededError'],
      'the app hears of it once',
    );
    assert.deepEqual(await small.disk.audioIds(), []);
    await world.add(client, 5000);
    await world.clock.advance(MINUTE_MS);
    const written = [...(await small.disk.entries())].filter(([key]) => key.startsWith('recording/'));
    assert.deepEqual(new Set(written.map(([, { state }]) => state)), new Set(['synced']));
    assert.equal(written.length, 21);
    await client.dispose();
  });

  it('is written to again when other programs have made room, even if no new write is due', async () => {
    const { disk } = world.device;
    let isFull = true;
    const put: RecordingStore['put'] = async (entries) => {
      const isOfEnd = [...entries.keys()].some((key) => key.startsWith('completion/'));
      if (isFull && isOfEnd) throw new DOMException('No room.', 'QuotaExceededError');
      await disk.put(entries);
    };
    const client = await world.client({ store: { ...disk, put } });
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    const ends = async (): Promise<unknown[]> =>
      [...(await disk.entries())]
        .filter(([key]) => key.startsWith('completion/'))
        .map(([, end]) => end['acknowledged']);
    assert.deepEqual(await ends(), []);
    isFull = false;
    await world.clock.advance(2 * MINUTE_MS);
    assert.deepEqual(await ends(), [true]);
    await client.dispose();
  });

  for (const dieAfterMs of [0, 20, 200, 1000, 5000, 20_000]) {
    it(`loses nothing when the process ends ${dieAfterMs} ms later`, async () => {
      const first = world.device.start(Infinity, { store: small.store });
      for (let i = 0; i < 5; i++) await world.add(first, 300_000);
      small.room = small.used;
      await first.start();
      await world.clock.advance(dieAfterMs);
      world.device.kill();
      small.room = Infinity;
      const second = world.device.start(Infinity, { store: small.store });
      await second.start();
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(new Set(states(second)), new Set(states(second).length === 0 ? [] : ['synced']));
      const names = new Set([...world.server.jobs.values()].flatMap((job) => job.files.map(({ name }) => name)));
      assert.equal(names.size, 5, 'the server has each');
      assert.deepEqual(await small.disk.audioIds(), []);
      await second.dispose();
    });
  }
});
