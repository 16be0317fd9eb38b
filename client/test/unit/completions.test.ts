import assert from 'node:assert/strict';
import { memoryStore } from '../../src/memory.ts';
import { createSyncClient } from '../../src/client.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('The end of a job', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  const push = (jobId: string) => ({ type: 'offline_sync_completed', job_id: jobId, status: 'completed' });

  /** A job that ended while no client was listening. */
  async function missed(): Promise<string> {
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(100);
    assert.deepEqual(states(client), ['uploaded']);
    world.device.kill();
    await world.clock.advance(HOUR_MS);
    return [...world.server.jobs.keys()].at(-1) ?? '';
  }

  it('is handed over once, in however many ways it becomes known', async () => {
    const jobId = await missed();
    const client = await world.client();
    const ways = [
      client.handlePushMessage(push(jobId)),
      client.checkMissedCompletions(),
      client.handlePushMessage(push(jobId)),
    ];
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(await Promise.all(ways), [true, undefined, true]);
    assert.deepEqual([...world.device.handedOver.values()], [1]);
    assert.notEqual(world.server.jobs.get(jobId)?.acknowledgedAt, null);
  });

  for (const [what, endedJobs] of [
    ['never answers', () => new Promise<never>(() => undefined)],
    ['is out of reach', () => Promise.reject(Object.assign(new Error('offline'), { code: 'unavailable' }))],
  ] as const)
    it(`becomes known by the server's own answers if Firestore ${what}`, async () => {
      const client = await world.client({ backend: { ...world.server.backend, endedJobs } });
      for (let i = 0; i < 3; i++) {
        await world.add(client);
        await world.clock.advance(5 * MINUTE_MS);
      }
      assert.deepEqual(states(client), ['synced', 'synced', 'synced']);
      assert.ok([...world.server.jobs.values()].every(({ acknowledgedAt }) => acknowledgedAt !== null));
      assert.deepEqual(world.device.errors, [], 'a network is no bug');
    });

  it('is handed over, and its recordings become final, by a push alone, without a start of the client', async () => {
    const jobId = await missed();
    const client = world.device.start();
    await client.handlePushMessage(push(jobId));
    assert.deepEqual([...world.device.handedOver.values()], [1]);
    assert.deepEqual(states(client), ['synced']);
    assert.deepEqual(await world.device.disk.audioIds(), []);
  });

  it('is not affected by other messages', async () => {
    const client = world.device.start();
    assert.equal(await client.handlePushMessage(undefined), false);
    assert.equal(await client.handlePushMessage({ type: 'chat', job_id: 'x' }), false);
    assert.equal(await client.handlePushMessage({ type: 'offline_sync_completed' }), false);
    assert.deepEqual(world.server.requests, []);
  });

  it('is not handed over again after a re-installation if it was acknowledged', async () => {
    await missed();
    const before = await world.client();
    await world.clock.advance(HOUR_MS);
    await before.dispose();
    const completions: string[] = [];
    const reinstalled = createSyncClient({
      store: memoryStore(),
      backend: world.server.backend,
      clock: world.clock,
      fetch: world.server.fetch,
      onCompletion: ({ jobId }) => void completions.push(jobId),
    });
    await reinstalled.checkMissedCompletions();
    assert.deepEqual(completions, []);
  });

  it('is handed over again after a handler that failed, until one succeeds', async () => {
    const jobId = await missed();
    let calls = 0;
    const client = await world.client({
      onCompletion: () => {
        calls += 1;
        if (calls < 3) throw new Error('The database is locked.');
      },
    });
    await world.clock.advance(HOUR_MS);
    assert.equal(calls, 3);
    assert.notEqual(world.server.jobs.get(jobId)?.acknowledgedAt, null);
    assert.equal(world.device.errors.length, 2);
    await client.dispose();
  });

  describe('with a listener', () => {
    /** A client that finds all recordings done when it first reads their job, although the job has not ended yet. */
    async function almostEnded(onLook: (jobId: string, tell: (jobIds: readonly string[]) => void) => void) {
      let tell: (jobIds: readonly string[]) => void = () => undefined;
      let isFirst = true;
      const client = await world.client({
        backend: {
          ...world.server.backend,
          watchJob: (_, listener) => {
            void world.clock.sleep(10_000, new AbortController().signal).then(() => {
              listener({ status: 'processing', percent: 90, isTroubled: false });
            });
            return () => undefined;
          },
          watchEndedJobs: (listener) => {
            tell = listener;
            return () => undefined;
          },
        },
        fetch: async (input, init) => {
          const response = await world.server.fetch(input, init);
          const job = (await response.clone().json()) as { job_id: string; status: string };
          if (!(input as string).includes('syncStatus') || job.status !== 'completed' || !isFirst) return response;
          isFirst = false;
          onLook(job.job_id, tell);
          return Response.json({ ...job, status: 'processing', finished_at: null });
        },
      });
      await world.add(client);
      await world.clock.advance(MINUTE_MS);
      assert.equal(isFirst, false);
      assert.deepEqual(states(client), ['synced']);
    }

    it('is not missed if it arrives while the job is being read', async () => {
      await almostEnded((jobId, tell) => {
        tell([jobId]);
      });
      assert.deepEqual([...world.device.handedOver.values()], [1]);
    });

    it('is requested, and recordings are sent, if no listener can be started', async () => {
      const closed = (): never => {
        throw new Error('The client has already been terminated.');
      };
      const client = await world.client({
        backend: { ...world.server.backend, watchJob: closed, watchEndedJobs: closed },
      });
      await world.add(client);
      await world.clock.advance(5 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced']);
      await world.clock.advance(5 * MINUTE_MS);
      assert.deepEqual([[...world.device.handedOver.values()], world.device.errors], [[1], []]);
    });

    it('is read from time to time, in case the listener has stopped without an error', async () => {
      await almostEnded(() => undefined);
      assert.deepEqual([...world.device.handedOver.values()], []);
      await world.clock.advance(10 * MINUTE_MS);
      assert.deepEqual([...world.device.handedOver.values()], [1]);
    });
  });

  it('is handed over before it is acknowledged', async () => {
    const jobId = await missed();
    const acknowledged: unknown[] = [];
    const client = await world.client({
      onCompletion: () => void acknowledged.push(world.server.jobs.get(jobId)?.acknowledgedAt),
    });
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual(acknowledged, [null]);
    await client.dispose();
  });

  it('is not handed over again if the clock is years ahead before the server knows of the handover', async () => {
    const jobId = await missed();
    const deaf: typeof fetch = (input, init) =>
      JSON.stringify(input).includes('acknowledge')
        ? Promise.reject(new TypeError('cut'))
        : world.server.fetch(input, init);
    await world.client({ fetch: deaf });
    await world.clock.advance(MINUTE_MS);
    assert.deepEqual([...world.device.handedOver.values()], [1]);
    world.device.kill();
    world.clock.jump(2 * 365 * 24 * HOUR_MS);
    await world.client();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual([...world.device.handedOver.values()], [1]);
    assert.notEqual(world.server.jobs.get(jobId)?.acknowledgedAt, null);
  });

  it('by cancellation leaves its recordings on the device', async () => {
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(100);
    const { jobId } = client.recordings()[0]!;
    await client.cancelJob(jobId ?? '');
    assert.deepEqual(states(client), ['failed']);
    assert.equal((await world.device.disk.audioIds()).length, 1);
    await world.clock.advance(HOUR_MS);
    assert.equal(world.requests('syncUpload'), 1);
  });
});
