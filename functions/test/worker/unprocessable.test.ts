/** A recording that ends every attempt fails alone, and the others complete. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { inTimeOrder } from '../../src/worker/scanOrder.ts';
import { assertSound, sampleOf } from '../support/checks.ts';
import { TestWorld } from '../support/worker.ts';

describe('A recording that cannot be processed', () => {
  let world: TestWorld;
  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  it('is identified when its chunk fails, even if a later recording is being read by then', async () => {
    const jobId = await world.acceptSamples(sampleOf('letter'), sampleOf('errand'), sampleOf('market'));
    const { transcriber } = world.deps.speech;
    const [poison] = inTimeOrder((await world.job(jobId)).files);
    let poisonousMs: number | null = null;
    const failing: typeof transcriber = {
      transcribe: (request, signal) => {
        poisonousMs ??= request.durationMs;
        // An unexpected error.
        if (request.durationMs === poisonousMs) return Promise.reject(new TypeError('Cannot read properties of null'));
        return transcriber.transcribe(request, signal);
      },
    };
    for (let deliveries = 0; deliveries < 8 && !isFinished((await world.job(jobId)).status); deliveries++) {
      await world.deliver(jobId, { transcriber: failing, concurrency: 1 });
      const { waitingFor } = await world.job(jobId);
      world.aheadMs += Math.max(0, (waitingFor?.until?.toMillis() ?? 0) - world.deps.now()) + 1;
    }
    const job = await world.job(jobId);
    assert.deepEqual(
      job.files.filter(({ state }) => state !== 'transcribed').map(({ name, error }) => [name, error?.code]),
      [[poison?.name, 'recording_unprocessable']],
    );
    assert.equal(job.status, 'partial');
    await assertSound(world);
  });
});
