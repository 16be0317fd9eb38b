import assert from 'node:assert/strict';
import fc from 'fast-check';
import { doubtOf, repeatsItself } from '../../../../src/transcription/local/guards.ts';

const SURE = Float32Array.of(-0.1, -0.2, -0.1);

describe('output that a recogniser made up', () => {
  it('is text that has no end', () => {
    assert.equal(doubtOf({ tokens: [5, 6, 7], logProbabilities: SURE, isCutOff: true }), 'endless');
  });

  it('is text of which the recogniser was not sure', () => {
    const logProbabilities = Float32Array.of(-0.9, -0.8, -0.7);
    assert.equal(doubtOf({ tokens: [5, 6], logProbabilities, isCutOff: false }), 'unsure');
  });

  it('is a phrase that is repeated again and again', () => {
    const tokens = [9, ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4]];
    assert.equal(doubtOf({ tokens, logProbabilities: SURE, isCutOff: false }), 'repeats');
  });

  it('is not what people say, such as a phrase twice or a word a few times', () => {
    for (const tokens of [
      [1, 2, 3, 4, 1, 2, 3, 4, 5],
      [7, 7, 7, 7],
      [1, 2, 1, 2, 1, 2],
    ]) {
      assert.equal(doubtOf({ tokens, logProbabilities: SURE, isCutOff: false }), null);
    }
  });

  it('is not silence, however unlikely silence is', () => {
    assert.equal(doubtOf({ tokens: [], logProbabilities: Float32Array.of(-3), isCutOff: false }), null);
  });

  it('is found wherever in a text the phrase is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 200 }), { maxLength: 10 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 4, maxLength: 8 }),
        (before, phrase) => {
          assert.ok(repeatsItself([...before, ...phrase, ...phrase, ...phrase, 99]));
          assert.ok(!repeatsItself([...phrase, ...phrase, 99]));
        },
      ),
    );
  });
});
