import assert from 'node:assert/strict';
import fc from 'fast-check';
import { alignTokens } from '../../../../src/transcription/local/alignment.ts';

/** Attention to one place for each token. */
function looksAt(places: readonly number[], frames: number): Float32Array {
  const values = new Float32Array(places.length * frames);
  for (const [token, frame] of places.entries()) values[token * frames + frame] = 1;
  return values;
}

describe('the alignment of tokens', () => {
  it('is where the attention looks', () => {
    const values = looksAt([0, 4, 5, 9], 12);
    assert.deepEqual([...alignTokens({ values, tokens: 4, frames: 12 })].slice(1), [4, 5, 9]);
  });

  it('begins at the start, never goes back, and stays within the audio, whatever the attention', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        (tokens, frames, seed) => {
          const values = Float32Array.from({ length: tokens * frames }, (_, i) => Math.sin(i * (seed + 1)) ** 2);
          const starts = [...alignTokens({ values, tokens, frames })];
          assert.equal(starts[0], 0);
          for (const [i, start] of starts.entries()) {
            assert.ok(start < frames && start >= (starts[i - 1] ?? 0), starts.join());
          }
        },
      ),
    );
  });
});
