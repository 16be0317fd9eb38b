import assert from 'node:assert/strict';
import { pieceSize } from '../../src/resumable.ts';
import type { SyncClient } from '../../src/client.ts';
import type { Fault } from '../support/fakeServer.ts';
import { status } from '../support/fakeWire.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

const KIB = 1024;
const DIRECT = { limits: { maxRequestBytes: 1 }, concurrency: 1 };

describe('An upload in pieces', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  it('has pieces in multiples of 256 KiB: a 32nd of the whole, but at least one unit and at most 8 MiB', () => {
    assert.equal(pieceSize(1), 256 * KIB);
    assert.equal(pieceSize(8 * 1024 * KIB), 256 * KIB);
    assert.equal(pieceSize(8 * 1024 * KIB + 1), 512 * KIB);
    assert.equal(pieceSize(25_000_000), 768 * KIB);
    assert.equal(pieceSize(512 * 1024 * KIB), 8 * 1024 * KIB);
  });

  // The requests are createSyncJob, the start of the upload, and pieces of 256 KiB of a recording of about 4.3 such pieces.
  const SIZE = 1100 * KIB;
  const after = (pieces: number, fault: Fault): Fault[] => [...new Array<Fault>(2 + pieces).fill('none'), fault];

  for (const fault of ['refused', 'cut_request', 'lost_answer', 'hang', 'portal', 'bad_gateway'] as const) {
    it(`continues where it was after ${fault.replace('_', ' ')}, and repeats one piece at most`, async () => {
      const client = await world.client(DIRECT);
      world.server.faults = after(2, fault);
      await world.add(client, SIZE);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(client), ['synced']);
      assert.ok(world.server.audioBytes <= SIZE + 256 * KIB, `${world.server.audioBytes} bytes`);
      assert.equal(world.requests(' start'), 1);
    });
  }

  /** The answer of Storage, or of another machine in its place; null if the fake answers as usual. */
  type Instead = (command: string, url: string) => Response | null;
  const withStorage = (instead: Instead): Promise<SyncClient> =>
    world.client({
      ...DIRECT,
      fetch: (input, init) => {
        const command = new Headers(init?.headers).get('X-Goog-Upload-Command');
        const answer = command === null ? null : instead(command, input as string);
        return answer === null ? world.server.fetch(input, init) : Promise.resolve(answer);
      },
    });
  const requestsIn = async (ms: number, instead: Instead): Promise<number> => {
    let count = 0;
    let isMended = false;
    const client = await withStorage((command, url) => {
      count += 1;
      return isMended ? null : instead(command, url);
    });
    await world.add(client, SIZE);
    await world.clock.advance(ms);
    const before = count;
    assert.ok(!states(client).includes('failed'));
    isMended = true;
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    return before;
  };

  for (const [what, instead] of Object.entries<Instead>({
    'says for ever that it waits for more, when it was sent all': (command) =>
      command.includes('finalize') ? status('active') : null,
    'keeps nothing of what it takes': (command) =>
      command === 'query' ? status('active', { 'X-Goog-Upload-Size-Received': '0' }) : null,
    'says that it has what is no number of bytes': (command) =>
      command === 'query'
        ? status('active', { 'X-Goog-Upload-Size-Received': 'all' })
        : command === 'start'
          ? null
          : new Response('', { status: 400 }),
    'ends each session after its first piece': (command) =>
      command === 'upload'
        ? null
        : command === 'start'
          ? null
          : status('cancelled', { 'X-Goog-Upload-Size-Received': '1' }),
    'says 404 to each session': (_, url) => (url.includes('/session') ? new Response('', { status: 404 }) : null),
    'says 410 to each session, with a page': (_, url) =>
      url.includes('/session')
        ? new Response('<html>', { status: 410, headers: { 'Content-Type': 'text/html' } })
        : null,
    'answers pieces with 308 and no range': (command) =>
      command === 'start' ? null : new Response('', { status: 308 }),
    'answers pieces with a page': (command) =>
      command === 'start' ? null : new Response('<html>', { headers: { 'Content-Type': 'text/html' } }),
    'has no quota left (402)': () => Response.json({ error: { code: 402, message: 'Quota.' } }, { status: 402 }),
  }))
    it(`is not sent repeatedly if Storage ${what}, and continues automatically`, async () => {
      const requests = await requestsIn(10 * MINUTE_MS, instead);
      assert.ok(requests < 400, `${requests} requests in ten minutes`);
    });

  for (const status of [400, 404, 410]) {
    it(`continues where it was after one answer of another machine with ${status}`, async () => {
      let isAsked = false;
      const client = await withStorage((command) => {
        if (command !== 'query' || isAsked) return null;
        isAsked = true;
        return new Response('<html>no such page</html>', { status });
      });
      world.server.faults = after(2, 'cut_request');
      await world.add(client, SIZE);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual(states(client), ['synced']);
      assert.ok(isAsked);
      assert.ok(world.server.audioBytes <= SIZE + 256 * KIB, `${world.server.audioBytes} bytes`);
      assert.equal(world.requests(' start'), 1);
    });
  }

  it('continues where it was in another process', async () => {
    const first = await world.client(DIRECT);
    world.server.faults = after(3, 'hang');
    await world.add(first, SIZE);
    await world.clock.settle();
    world.device.kill();
    const second = await world.client(DIRECT);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(second), ['synced']);
    assert.ok(world.server.audioBytes <= SIZE + 256 * KIB, `${world.server.audioBytes} bytes`);
    assert.equal(world.requests(' start'), 1);
  });

  it('starts again if Storage has forgotten it', async () => {
    const first = await world.client(DIRECT);
    world.server.faults = after(3, 'hang');
    await world.add(first, SIZE);
    await world.clock.settle();
    world.device.kill();
    world.server.expireSessions();
    const second = await world.client(DIRECT);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(second), ['synced']);
    assert.equal(world.requests(' start'), 2);
  });

  it('sends again what arrived damaged', async () => {
    const client = await world.client(DIRECT);
    world.server.corrupted = 2;
    await world.add(client, SIZE);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.requests(' start'), 3);
  });

  it('fails if it always arrives damaged, and the other recordings of its job continue', async () => {
    const client = await world.client(DIRECT);
    const bad = await world.add(client, 1000);
    await world.add(client, 2000);
    world.server.corruptedName = bad.name;
    await world.clock.advance(24 * HOUR_MS);
    const failed = client.recordings().find(({ id }) => id === bad.id);
    assert.equal(failed?.failure?.code, 'upload_refused');
    assert.deepEqual(states(client).sort(), ['failed', 'synced']);
    assert.ok(world.requests(' start') <= 6, 'it was not tried for ever');
    world.server.corruptedName = '';
    await client.retry();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
  });

  it('relies on the job if Storage says that the object exists already', async () => {
    const first = await world.client(DIRECT);
    await world.add(first, 1000);
    await world.clock.advance(100);
    assert.deepEqual(states(first), ['uploaded']);
    // The process died before it learned that the object was complete, and the address of the upload is lost.
    world.device.kill();
    const entries = await world.device.disk.entries();
    for (const [key, value] of entries) {
      if (key.startsWith('recording/')) {
        await world.device.disk.put(new Map([[key, { ...value, state: 'uploading', session: null, jobId: null }]]));
      }
    }
    const second = await world.client(DIRECT);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(second), ['synced']);
    assert.equal(world.server.audioBytes, 1000);
  });

  it('makes the server look for an object whose event was lost', async () => {
    const client = await world.client(DIRECT);
    world.server.losesEvents = true;
    await world.add(client, 1000);
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(states(client), ['uploaded']);
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
    assert.equal(world.server.audioBytes, 1000);
  });
});
