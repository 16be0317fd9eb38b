import assert from 'node:assert/strict';
import type { Network } from '../../src/network.ts';
import { frameRecorder } from '../../src/frameRecorder.ts';
import { HOUR_MS, states, World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;

describe('An app that controls its uploads', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it('can add any Uint8Array, and is told of a device id that the server would refuse', async () => {
    const client = await world.client();
    const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(7);
    const { id } = await client.add({ name: world.nextName(), data: shared, deviceId: 'phone1' });
    assert.deepEqual(await client.readAudio(id), Uint8Array.from(shared));
    for (const deviceId of ['7c9e6679-7425-40de-944b-e07fc1f90ae7', '', 'ä', 'x'.repeat(65)]) {
      const refused = client.add({ name: world.nextName(), data: shared, deviceId });
      await assert.rejects(refused, { code: 'bad_device_id' });
    }
  });

  it('can read audio, whole or in parts, until it is synced', async () => {
    const client = await world.client();
    const { id } = await world.add(client, 100);
    const whole = await client.readAudio(id);
    assert.equal(whole?.length, 100);
    assert.deepEqual(await client.readAudio(id, { start: 10, end: 20 }), whole.slice(10, 20));
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(await client.readAudio(id), null);
    await assert.rejects(client.readAudio('unknown'), { code: 'not_found' });
  });

  it('can wait on metered networks, and uploads on request or when that setting changes', async () => {
    let isMetered = true;
    let changed = (): void => undefined;
    const network: Network = {
      isOnline: () => true,
      isMetered: () => isMetered,
      onChange: (listener) => {
        changed = listener;
        return () => undefined;
      },
    };
    const client = await world.client({ network, uploadOn: 'unmetered' });
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual([states(client), client.status().state], [['waiting'], 'metered']);
    isMetered = false;
    changed();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    isMetered = true;
    changed();
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'waiting']);
    await client.syncNow();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
    const carefree = await new World().client({ network });
    assert.notEqual(carefree.status().state, 'metered');
  });

  for (const way of ['multipart', 'direct'] as const) {
    it(`cancels one upload that is in progress, and the others continue (${way})`, async () => {
      const client = await world.client({
        gatherMs: 50,
        ...(way === 'direct' && { limits: { maxRequestBytes: 1 }, concurrency: 1 }),
      });
      const [first, second] = [await world.add(client, MEGABYTE), await world.add(client, MEGABYTE)];
      world.server.faults = way === 'direct' ? ['none', 'none', 'hang'] : ['hang'];
      await world.clock.advance(200);
      assert.ok(states(client).every((state) => state === 'uploading'));
      await client.cancelUpload(first.id);
      assert.equal(client.recordings()[0]?.failure?.code, 'upload_cancelled');
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(client), ['failed', 'synced']);
      assert.equal((await client.readAudio(first.id))?.length, MEGABYTE);
      await client.retry(first.id);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(client), ['synced', 'synced']);
      await assert.rejects(client.cancelUpload(second.id), { code: 'busy' });
      assert.ok([...world.server.transcribed.values()].every((times) => times === 1));
    });
  }

  it('cancels an upload that has not begun, without a request', async () => {
    const client = await world.client({ gatherMs: HOUR_MS });
    const { id } = await world.add(client);
    await client.cancelUpload(id);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(states(client), ['failed']);
    assert.equal(world.requests('syncUpload'), 0);
    await client.discard(id);
    assert.deepEqual(states(client), []);
  });

  describe('that records frames as they arrive', () => {
    const format = { device: 'omi', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 320 } as const;
    const startedAt = new Date('2025-10-09T08:53:20.000Z');
    const frames = (count: number, from = 0) =>
      Array.from({ length: count }, (_, i) => Uint8Array.of(0xb8, (from + i) % 251, (from + i) >> 8));

    it('stores them in recordings that follow one another without a gap', async () => {
      const client = await world.client({ gatherMs: HOUR_MS });
      const recorder = frameRecorder(client, { format, startedAt, secondsKept: 2 });
      for (let i = 0; i < 25; i++) await recorder.append(frames(10, 10 * i));
      assert.equal(client.recordings().length, 2, 'four seconds are on disk while it goes on');
      const made = await recorder.finish();
      assert.deepEqual(
        made.map(({ name }) => Number(/_(\d+)\.bin$/.exec(name)?.[1]) - startedAt.getTime()),
        [0, 2000, 4000],
      );
      const bytes = await Promise.all(made.map(({ id }) => client.readAudio(id)));
      const stored = bytes.flatMap((each) => [...(each ?? [])]);
      assert.deepEqual(stored.filter((_, i) => i % 7 === 5).length, 250);
      assert.equal(stored.length, 250 * 7);
    });

    it('can add hours of them in one call', async () => {
      const client = await world.client();
      const recorder = frameRecorder(client, { format, startedAt, secondsKept: 3600 });
      await recorder.append(frames(200_000));
      const made = await recorder.finish();
      const bytes = made.reduce((sum, { size }) => sum + size, 0);
      assert.equal(bytes, 200_000 * 7);
    });

    it('loses none if a recording could not be stored, or if a driver reuses its buffer', async () => {
      const client = await world.client();
      let isFull = true;
      const add: typeof client.add = (recording) =>
        isFull ? Promise.reject(new Error('full')) : client.add(recording);
      const recorder = frameRecorder({ add }, { format, startedAt, secondsKept: 1 });
      const buffer = Uint8Array.of(1, 2, 3);
      await assert.rejects(recorder.append([...frames(49), buffer]), /full/);
      buffer.fill(9);
      isFull = false;
      const [made] = await recorder.finish();
      const bytes = (await client.readAudio(made?.id ?? '')) ?? new Uint8Array();
      assert.equal(bytes.length, 50 * 7);
      assert.deepEqual([...bytes.slice(-3)], [1, 2, 3]);
    });
  });
});
