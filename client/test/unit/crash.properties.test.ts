/** However the network fails and whenever the process dies: every recording is synced once, and is deleted after that. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Device } from '../support/device.ts';
import { FakeServer } from '../support/fakeServer.ts';
import type { Fault } from '../support/fakeServer.ts';
import { VirtualClock } from '../support/virtualClock.ts';
import { HOUR_MS, World } from '../support/world.ts';

const FAULTS: readonly Fault[] = ['refused', 'lost_answer', 'cut_request', 'hang', 'rate_limited', 'busy', 'portal'];

interface Plan {
  /** Sizes of the recordings, bytes. */
  readonly sizes: readonly number[];
  readonly maxRequestBytes: number;
  readonly faults: readonly Fault[];
  /** Number of operations in each life of the process; the last life is unlimited. */
  readonly lives: readonly number[];
}

const plans = fc.record<Plan>({
  sizes: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 3000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 700_000 }) },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  maxRequestBytes: fc.constantFrom(5000, 100_000),
  faults: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<Fault>('none') },
      { weight: 1, arbitrary: fc.constantFrom(...FAULTS) },
    ),
    { maxLength: 40 },
  ),
  lives: fc.array(fc.nat(60), { maxLength: 6 }),
});

function audio(index: number, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(index + 1);
}

const contentOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');

async function live({ sizes, maxRequestBytes, faults, lives }: Plan) {
  const clock = new VirtualClock();
  const server = new FakeServer(clock);
  const device = new Device(server, clock);
  server.faults = [...faults];

  const added = device.start();
  for (const [i, size] of sizes.entries()) {
    await added.add({ name: `audio_omi_opus_16000_1_fs160_${1_760_000_000 + i}.bin`, data: audio(i, size) });
  }
  device.kill();

  const limits = { maxRequestBytes };
  for (const operations of lives) {
    void device.start(operations, { limits }).start();
    await clock.until(() => device.isDead, HOUR_MS / 4);
    device.kill();
  }
  const client = device.start(Infinity, { limits });
  await client.start();
  const isDone = await clock.until(() => client.recordings().every(({ state }) => state === 'synced'), 48 * HOUR_MS);
  await clock.advance(HOUR_MS);
  await client.dispose();
  return { isDone, server, device, client };
}

/** Checks what must be true at the end of any plan. */
async function assertKept(plan: Plan): Promise<void> {
  const { isDone, server, device, client } = await live(plan);
  assert.deepEqual(device.errors, []);
  assert.ok(isDone, `states: ${JSON.stringify(client.recordings().map(({ state, failure }) => [state, failure]))}`);

  const contents = plan.sizes.map((size, i) => contentOf(audio(i, size)));
  for (const content of contents) assert.equal(server.transcribed.get(content), 1);
  assert.equal(device.deleted.length >= plan.sizes.length, true);
  assert.deepEqual(await device.disk.audioIds(), []);

  for (const [key, times] of device.handedOver) {
    assert.ok(times <= 1 + (device.diedHandingOver.get(key) ?? 0), `${key} was handed over ${times} times`);
  }
  const ended = [...server.jobs.values()].filter(({ finishedAt }) => finishedAt !== null);
  assert.deepEqual(
    ended.map(({ acknowledgedAt }) => acknowledgedAt !== null),
    ended.map(() => true),
  );
  assert.equal(device.handedOver.size, ended.length);
}

describe('A client that is killed at any point, on a network that fails in any way,', () => {
  it('sends every recording to the server once, then deletes it, and hands every job over once', async function () {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        await assertKept(plan);
      }),
      { numRuns: Number(process.env['CRASH_RUNS'] ?? 80) },
    );
  });

  for (const way of ['multipart', 'direct'] as const) {
    it(`does so wherever a ${way} upload of two recordings breaks off`, async function () {
      const maxRequestBytes = way === 'multipart' ? 100_000 : 1;
      for (let operations = 0; operations <= 60; operations++) {
        await assertKept({ sizes: [100, 200], maxRequestBytes, faults: [], lives: [operations] });
      }
    });
  }

  it('does so if the job ends before its process returns and cannot send at first', async function () {
    for (const faults of [['refused'], ['none', 'refused']] as const) {
      for (let operations = 0; operations <= 30; operations++) {
        const world = new World();
        const before = world.device.start(operations);
        void world.add(before).then(() => world.add(before));
        await world.clock.settle();
        void before.start();
        await world.clock.until(() => world.device.isDead, HOUR_MS);
        world.device.kill();
        await world.clock.advance(HOUR_MS);
        world.server.faults = [...faults];
        const client = await world.client();
        await world.clock.advance(HOUR_MS);
        assert.deepEqual(world.device.errors, [], `killed after ${operations} operations`);
        assert.ok(client.recordings().every(({ state }) => state === 'synced'));
        await client.dispose();
      }
    }
  });
});
