import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WINDOW_SAMPLES } from '../../../src/audio/vad.ts';
import { VadSlicer } from '../../../src/audio/vadSlices.ts';

describe('VAD slices', () => {
  const lengths = fc.array(fc.nat(4000), { maxLength: 12 });

  it('hold the whole run once behind their warm-ups, however it was pushed, each warm-up being what came before', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 5 }), fc.nat(7), (pieces, sliceWindows, warmupWindows) => {
        const slicer = new VadSlicer({
          sliceSamples: sliceWindows * WINDOW_SAMPLES,
          warmupSamples: warmupWindows * WINDOW_SAMPLES,
        });
        const total = pieces.reduce((sum, length) => sum + length, 0);
        const run = Float32Array.from({ length: total }, (_, i) => i);
        let from = 0;
        const slices = pieces.flatMap((length) => slicer.push(run.subarray(from, (from += length))));
        slices.push(...slicer.end());

        let at = 0;
        for (const [i, { pcm, warmupSamples }] of slices.entries()) {
          const fresh = pcm.length - warmupSamples;
          assert.deepEqual(pcm, run.slice(at - warmupSamples, at + fresh));
          assert.equal(warmupSamples, Math.min(warmupWindows * WINDOW_SAMPLES, at));
          if (i < slices.length - 1) assert.equal(fresh, sliceWindows * WINDOW_SAMPLES);
          at += fresh;
        }
        assert.equal(at, total);
      }),
    );
  });

  it('refuses sizes that are not whole windows', () => {
    assert.throws(() => new VadSlicer({ sliceSamples: 1000 }), RangeError);
    assert.throws(() => new VadSlicer({ warmupSamples: 100 }), RangeError);
  });
});
