import assert from 'node:assert/strict';
import type { SyncClient } from '../../src/client.ts';
import { HOUR_MS, states, World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;

describe('A job that is cancelled while it is being uploaded', () => {
  let world: World;
  let client: SyncClient;
  let jobId: string;

  beforeEach(async () => {
    world = new World();
    client = await world.client({ limits: { maxRequestBytes: 1 }, concurrency: 1, gatherMs: 50 });
    // The requests are the job, two for the small recording, the start of the large one, and its first piece, which hangs.
    world.server.faults = ['none', 'none', 'none', 'none', 'hang'];
    await world.add(client, 100);
    await world.clock.advance(10);
    await world.add(client, 4 * MEGABYTE);
  });

  /** Both recordings are in one job: the first has arrived, the second is being sent. */
  async function uploading(): Promise<void> {
    await world.clock.advance(100);
    assert.deepEqual(states(client), ['uploaded', 'uploading']);
    jobId = client.recordings()[0]?.jobId ?? '';
  }

  it('marks all its recordings as failed, and keeps them', async () => {
    await uploading();
    await client.cancelJob(jobId);
    assert.deepEqual(states(client), ['failed', 'failed']);
    for (const { failure } of client.recordings()) {
      assert.equal(failure?.code, 'job_cancelled');
      assert.equal(failure.retryable, true);
    }
    assert.equal((await world.device.disk.audioIds()).length, 2);
    assert.equal([...(await world.device.disk.entries()).keys()].filter((key) => key.startsWith('batch/')).length, 0);
  });

  it('is not uploaded again, not even the part that was in progress', async () => {
    await uploading();
    const sent = world.server.audioBytes;
    await client.cancelJob(jobId);
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['failed', 'failed']);
    assert.equal(world.requests('createSyncJob'), 1);
    assert.equal(world.server.audioBytes, sent);
    await client.discard(client.recordings()[1]?.id ?? '');
    assert.deepEqual(states(client), ['failed']);
  });

  it('ends in the same way if another device cancelled it', async () => {
    await uploading();
    await world.server.fetch('https://functions.test/cancelSyncJob', {
      method: 'POST',
      body: JSON.stringify({ data: { job_id: jobId } }),
    });
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['failed', 'failed']);
    assert.equal(world.requests('createSyncJob'), 1);
  });

  it('is uploaded if the user retries it', async () => {
    await uploading();
    await client.cancelJob(jobId);
    await client.retry();
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
    assert.deepEqual(world.device.errors, []);
  });
});
