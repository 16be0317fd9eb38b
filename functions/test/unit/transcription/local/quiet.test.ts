import assert from 'node:assert/strict';
import { quietAt, quietStretches } from '../../../../src/transcription/local/quiet.ts';

const RATE = 16_000;

/** A tone with a soft hiss; the tone is left out in some stretches, seconds. */
function speech(seconds: number, level: number, ...silences: readonly (readonly [number, number])[]): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const isSilent = silences.some(([from, to]) => i >= from * RATE && i < to * RATE);
    return level * ((isSilent ? 0 : Math.sin(i / 5)) + 0.003 * Math.sin(i * i));
  });
}

describe('quiet between words', () => {
  it('is found to a hundredth of a second, at any level', () => {
    for (const level of [0.5, 0.005]) {
      assert.deepEqual(quietStretches(speech(2, level, [0.5, 0.7], [1.2, 1.5])), [
        { start: 0.5, end: 0.7 },
        { start: 1.2, end: 1.5 },
      ]);
    }
  });

  it('is not as short as the closure of a consonant', () => {
    assert.deepEqual(quietStretches(speech(2, 0.5, [0.5, 0.53], [1, 1.4])), [{ start: 1, end: 1.4 }]);
  });

  it('is not found if all audio is equally loud', () => {
    for (const pcm of [speech(2, 0.5), new Float32Array(2 * RATE), new Float32Array(0)]) {
      assert.deepEqual(quietStretches(pcm), []);
    }
  });

  it('belongs to the border near it: the longest, if that is not further away', () => {
    const short = { start: 1, end: 1.06 };
    const long = { start: 1.1, end: 1.4 };
    assert.deepEqual(quietAt(1.05, [short, long]), long);
    assert.deepEqual(quietAt(2, [short, long]), { start: 2, end: 2 });
  });
});
