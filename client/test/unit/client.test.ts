import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Fault } from '../support/fakeServer.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

const of = (fault: Fault, times: number): Fault[] => Array.from({ length: times }, () => fault);

describe('A client', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('marks only the refused recording; the others continue without it, and it is not sent again', async () => {
    const client = await world.client();
    const names = [world.nextName(), 'audio_bad_1760000000.bin'];
    world.server.refused.set('audio_bad_1760000000.bin', 'bad_name');
    for (const name of names) await world.add(client, 100, name);
    await world.clock.advance(24 * HOUR_MS);
    const failed = client.recordings().find(({ state }) => state === 'failed');
    assert.deepEqual(states(client).sort(), ['failed', 'synced']);
    assert.deepEqual(failed?.failure, { code: 'bad_name', message: 'No.', retryable: false });
    assert.equal(world.requests('syncUpload'), 2);
    assert.deepEqual(await world.device.disk.audioIds(), [failed.id], 'its audio is kept');

    world.server.refused.clear();
    await client.retry(failed.id);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
  });

  it('never gives up because of a missing network or a portal', async () => {
    const client = await world.client();
    world.server.faults = [...of('refused', 20), ...of('portal', 20)];
    await world.add(client);
    await world.clock.advance(12 * HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('starts automatically when the platform reports a network', async () => {
    let isOnline = false;
    let changed: () => void = () => undefined;
    const network = {
      isOnline: () => isOnline,
      onChange: (listener: () => void) => {
        changed = listener;
        return () => undefined;
      },
    };
    const client = await world.client({ network });
    world.server.faults = of('refused', 10_000);
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.equal(client.status().state, 'offline');
    assert.ok(
      world.requests('syncUpload') <= 31,
      'it tries every two minutes at most, since the platform may be wrong',
    );
    world.server.faults = [];
    isOnline = true;
    changed();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('regards "offline" as a hint: it tries after two minutes, or earlier on request', async () => {
    const network = { isOnline: () => false, onChange: () => () => undefined };
    const client = await world.client({ network });
    world.server.faults = ['refused', 'refused'];
    await world.add(client);
    await world.clock.advance(1000);
    assert.equal(client.status().state, 'offline');
    await client.syncNow();
    await world.clock.advance(1000);
    assert.equal(world.requests('syncUpload'), 2);
    await world.clock.advance(3 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'synced'], 'what was answered proves the hint wrong');
  });

  it('waits for its user to sign in', async () => {
    world.server.signedIn = false;
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.equal(client.status().state, 'signed_out');
    assert.deepEqual(states(client), ['uploading']);
    world.server.signedIn = true;
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('does not upload recordings that the server has already', async () => {
    const client = await world.client({ limits: { maxRequestBytes: 1 } });
    const data = new Uint8Array(1000).fill(7);
    await client.add({ name: world.nextName(), data });
    await world.clock.advance(MINUTE_MS);
    const sent = world.server.audioBytes;
    await client.add({ name: 'audio_again_1760000000.bin', data });
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
    assert.equal(world.server.audioBytes, sent);
  });

  it('keeps the audio of recordings that failed on the server, and retries them there without a second upload', async () => {
    const client = await world.client();
    const { id, name } = await world.add(client);
    world.server.failing.set(name, { code: 'attempts_exhausted', retryable: true });
    await world.clock.advance(HOUR_MS);
    assert.equal(client.recordings()[0]?.failure?.code, 'attempts_exhausted');
    assert.deepEqual(await world.device.disk.audioIds(), [id]);
    assert.equal(world.device.handedOver.size, 1);

    const sent = world.server.audioBytes;
    await client.retry(id);
    assert.deepEqual(states(client), ['processing']);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.server.audioBytes, sent);
    assert.deepEqual([...world.device.handedOver.values()], [1, 1], 'its second end is another one');
  });

  it('uploads recordings again if the server cannot retry them', async () => {
    const client = await world.client();
    const { name } = await world.add(client);
    world.server.failing.set(name, { code: 'recording_corrupt', retryable: false });
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['failed']);
    await client.retry();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.requests('syncUpload'), 2);
  });

  it('uploads recordings again that did not arrive in time, without a request of the app', async () => {
    const client = await world.client();
    const { name } = await world.add(client);
    world.server.failing.set(name, { code: 'upload_expired', retryable: false });
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('uploads recordings again whose job no longer exists', async () => {
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(100);
    assert.deepEqual(states(client), ['uploaded']);
    world.server.jobs.clear();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('stops immediately when it is paused, and continues where it stopped', async () => {
    const client = await world.client();
    world.server.faults = ['hang'];
    await world.add(client);
    await world.clock.settle();
    assert.equal(client.status().state, 'uploading');
    await client.pause();
    assert.equal(client.status().state, 'paused');
    const asked = world.server.requests.length;
    await world.clock.advance(HOUR_MS);
    assert.equal(world.server.requests.length, asked);
    client.resume();
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('is disposed of by its signal, and accepts nothing then', async () => {
    const controller = new AbortController();
    const client = await world.client({ signal: controller.signal });
    controller.abort();
    await world.clock.settle();
    assert.equal(client.status().state, 'disposed');
    await assert.rejects(world.add(client), { code: 'disposed' });
  });

  it('removes its listener from its signal when it is disposed of otherwise', async () => {
    const { signal } = new AbortController();
    const client = await world.client({ signal });
    await client.dispose();
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('reports listeners that throw, once each, and continues', async () => {
    const client = world.device.start();
    const thrown = new Error('A listener threw.');
    const heard: unknown[] = [];
    client.on('error', (error) => {
      heard.push(error);
      throw new Error('The listener of errors threw, too.');
    });
    client.on('recording', ({ state }) => {
      if (state === 'synced') throw thrown;
    });
    await client.start();
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.deepEqual(heard, [thrown]);
    assert.deepEqual(world.device.errors.splice(0), [thrown]);
  });

  it('removes only recordings that are not being sent, on request', async () => {
    const client = world.device.start();
    const { id } = await world.add(client);
    await client.discard(id);
    assert.deepEqual(client.recordings(), []);
    assert.deepEqual(await world.device.disk.audioIds(), []);
    await assert.rejects(client.discard(id), { code: 'not_found' });

    world.server.faults = ['hang'];
    await client.start();
    const busy = await world.add(client);
    await world.clock.settle();
    await assert.rejects(client.discard(busy.id), { code: 'busy' });
  });

  it('forgets synced recordings after a while', async () => {
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    world.device.kill();
    await world.clock.advance(8 * 24 * HOUR_MS);
    const later = await world.client();
    await world.clock.settle();
    assert.deepEqual(states(later), []);
  });

  it('refuses recordings that no server could accept, and stores nothing of them', async () => {
    const client = await world.client();
    await assert.rejects(client.add({ name: 'a_1760000000.bin', data: new Uint8Array() }), { code: 'empty_recording' });
    await assert.rejects(client.add({ name: 'a"_1760000000.bin', data: new Uint8Array(1) }), { code: 'bad_name' });
    await assert.rejects(client.add({ name: 'x'.repeat(201), data: new Uint8Array(1) }), { code: 'bad_name' });
    assert.deepEqual(client.recordings(), []);
    assert.deepEqual(await world.device.disk.audioIds(), []);
  });
});
