import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { wordErrors } from '../../../dev/demo/errors.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';
import { prepareModel } from '../../models/moonshine/prepare.ts';
import { createLocalTranscriber } from '../../src/transcription/local/localTranscriber.ts';
import { LOCAL_MODELS } from '../../src/transcription/local/models.ts';
import { RecogniserPool } from '../../src/transcription/local/recogniserPool.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import { assertSound } from '../support/checks.ts';
import { recordingLogger } from '../support/logger.ts';
import { filesOf, TestWorld } from '../support/worker.ts';

const [TINY] = LOCAL_MODELS;
const TRAIN = loadSamples().find(({ scenario }) => scenario === 'train')!;
/** The largest share of wrong words: chunks of six seconds end within phrases. `npm run measure:local` finds 3 % with ordinary chunks. */
const MAX_WORD_ERRORS = 0.25;

describe('the task with the local recogniser', function () {
  this.timeout(600_000); // the first time its weights come from the npm registry, and its graph is built
  const pool = new RecogniserPool({ size: 1 });
  const recogniser = createLocalTranscriber({
    size: TINY.size,
    recogniser: () => Promise.resolve(pool),
    logger: recordingLogger(),
  });
  /** A hash of the audio of every chunk whose words were returned to the worker. */
  let recognised: string[];
  /** How many more chunks are recognised until the worker dies. */
  let left: number;
  let world: TestWorld;

  const transcriber: Transcriber = {
    async transcribe(request, signal) {
      if (left-- <= 0) throw new Error('The worker died.');
      const result = await recogniser.transcribe(request, signal);
      recognised.push(
        createHash('sha256')
          .update(new Uint8Array((await request.audio.pcm()).buffer))
          .digest('hex'),
      );
      return result;
    },
  };

  before(() => prepareModel(TINY.name));
  after(() => pool.close());
  const closing = closeAfterEach();
  beforeEach(() => {
    recognised = [];
    left = Infinity;
    world = closing(new TestWorld({ transcriber, concurrency: 1, maxChunkMs: 6000 }));
  });

  async function assertHeardOnce(jobId: string): Promise<void> {
    const job = await world.job(jobId);
    assert.equal(job.status, 'completed');
    assert.equal(new Set(recognised).size, recognised.length, 'no stored chunk was recognised again');
    assert.equal(recognised.length, (await world.chunks(jobId)).length);
    assert.equal(job.usage.billedSeconds, 0, 'nobody sends a bill');
    assert.equal((await world.usage())['billedSeconds'], 0);
    assert.ok(job.ledger.speechSeconds > 10);
    const said = TRAIN.words.map(({ text }) => text).join(' ');
    const text = (await world.segments()).map((segment) => segment.text).join(' ');
    const { words, errors } = wordErrors(said, text);
    assert.ok(errors / words < MAX_WORD_ERRORS, `${errors} of ${words} words are wrong: ${text}`);
    await assertSound(world);
  }

  it('continues under a new epoch whenever time is up, and recognises no stored chunk again', async () => {
    const jobId = await world.acceptSamples(TRAIN);
    let deliveries = 0;
    for (; (await world.job(jobId)).status !== 'completed'; deliveries++) {
      assert.ok(deliveries < 30, 'every attempt gets further');
      await world.deliver(jobId, { workMs: 0 });
    }
    assert.ok(deliveries > 5, `it took ${deliveries} attempts`);
    await assertHeardOnce(jobId);
  });

  it('continues where the worker died between two chunks, and recognises no stored chunk again', async () => {
    const jobId = await world.acceptSamples(TRAIN);
    for (let attempt = 0; (await world.job(jobId)).status !== 'completed'; attempt++) {
      assert.ok(attempt < 30, 'every attempt gets further');
      left = 2;
      await world.deliver(jobId);
      world.aheadMs += 3 * 3600_000;
    }
    await assertHeardOnce(jobId);
  });

  it('gives the same conversation in whichever order its recordings come', async () => {
    const told: string[][] = [];
    for (const recordings of [filesOf(TRAIN), filesOf(TRAIN).reverse()]) {
      world.becomeSomebodyElse();
      for (const recording of recordings) await world.deliver(await world.accept([recording], TRAIN.deviceId));
      const segments = await world.segments();
      told.push(segments.map(({ startedAt, text }) => `${startedAt.toDate().toISOString()} ${text}`).sort());
      assert.equal((await world.conversations()).filter(({ state }) => state === 'live').length, 1);
      await assertSound(world);
    }
    assert.ok(told[0]!.length > 1, 'each recording has something to say');
    assert.deepEqual(told[1], told[0]);
  });
});
