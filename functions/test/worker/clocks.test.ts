/** Workers whose clocks differ: a lease ends by the clock of the worker that looks at it. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import { RetryTaskError } from '../../src/worker/processJob.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { heldAnswers } from '../support/heldAnswers.ts';
import { TestWorld } from '../support/worker.ts';

const SKEW_MS = 5 * 60_000;
const garden = sampleOf('garden');

describe('Workers whose clocks differ by minutes', () => {
  let world: TestWorld;
  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  it('store each word once if the one whose clock is ahead takes over a job while the other waits for an answer', async () => {
    const jobId = await world.acceptSamples(garden);
    const { transcriber, answered, give } = heldAnswers(world.deps.speech.transcriber);
    const first = world.deliver(jobId, { transcriber, concurrency: 1 });
    await answered;
    await world.deliver(jobId, { now: () => world.deps.now() + SKEW_MS });
    give();
    await first;
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.ok(world.logger.entries.some(({ event }) => event === 'lease.lost'));
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('wait until the time to which a clock that runs ahead has deferred the job, and no longer', async () => {
    const jobId = await world.acceptSamples(garden);
    const failing: Transcriber = { transcribe: () => Promise.reject(new TypeError('unforeseen')) };
    await world.deliver(jobId, { transcriber: failing, now: () => world.deps.now() + SKEW_MS });
    const { waitingFor, status } = await world.job(jobId);
    assert.equal(status, 'deferred');
    await assert.rejects(world.deliver(jobId), RetryTaskError);
    world.aheadMs += (waitingFor?.until?.toMillis() ?? 0) - world.deps.now() + 1;
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'completed');
    await assertTranscript(world, garden);
    await assertSound(world);
  });
});
