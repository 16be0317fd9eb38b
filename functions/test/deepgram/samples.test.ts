/** `npm run demo` as a test: every sample recording, from its upload to the transcript that an app reads. */
import assert from 'node:assert/strict';
import type { Journey } from '../../../dev/demo/journey.ts';
import { runJourney } from '../../../dev/demo/journey.ts';
import { complaintsAbout, judge, MAX_BILLED_RATIO, MAX_WORD_ERROR_MS } from '../../../dev/demo/verdict.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';

describe('The sample recordings, from upload to transcript', () => {
  const samples = loadSamples();
  let journey: Journey;

  before(async function () {
    this.timeout(600_000);
    const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
    journey = await runJourney(env, samples, new AbortController().signal);
  });

  for (const { scenario, about } of samples) {
    it(`become what was said: ${scenario}. ${about}`, () => {
      const result = journey.results.find(({ sample }) => sample.scenario === scenario);
      assert(result !== undefined);
      assert.deepEqual(complaintsAbout(result), []);
    });
  }

  it(`have every word once, at most ${MAX_WORD_ERROR_MS} ms off`, () => {
    const { words, maxErrorMs } = judge(journey);
    assert.equal(words, samples.flatMap((sample) => sample.words).length);
    assert(maxErrorMs <= MAX_WORD_ERROR_MS, `${maxErrorMs} ms`);
  });

  it(`cost at most ${MAX_BILLED_RATIO} times their speech, one request a chunk`, () => {
    const { billedSeconds, speechSeconds, complaints } = judge(journey);
    assert(billedSeconds !== null && billedSeconds > 0);
    assert(billedSeconds <= MAX_BILLED_RATIO * speechSeconds, `${billedSeconds} s for ${speechSeconds} s`);
    assert.deepEqual(complaints, []);
  });

  it('leave no staged file', () => {
    assert.deepEqual(journey.leftovers, []);
  });
});
