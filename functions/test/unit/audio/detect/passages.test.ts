import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PassageCutter } from '../../../../src/audio/detect/passages.ts';
import type { Passage } from '../../../../src/audio/detect/passages.ts';
import { OPUS_CONVERGENCE_SAMPLES } from '../../../../src/audio/read/pcm.ts';
import type { SourceFrame } from '../../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';

const samplesOf = (frames: readonly SourceFrame[]): number => frames.reduce((sum, { samples }) => sum + samples, 0);

describe('Passages', () => {
  const durations = fc.array(fc.oneof(fc.constantFrom(40, 160, 320, 960, 1920), fc.integer({ min: 1, max: 5000 })), {
    maxLength: 80,
  });

  it('contain each frame once and each window once, with the frames directly before as lead, however frames are pushed', () => {
    fc.assert(
      fc.property(
        durations,
        fc.integer({ min: 1, max: 20_000 }),
        fc.nat(7),
        fc.integer({ min: 1, max: 9 }),
        (lengths, newSamples, warmupWindows, together) => {
          const run = lengths.map((samples, i): SourceFrame => ({ payload: Uint8Array.of(i), samples }));
          const cutter = new PassageCutter('opus', { newSamples, warmupWindows });
          const passages: Passage[] = [];
          for (let i = 0; i < run.length; i += together) passages.push(...cutter.push(run.slice(i, i + together)));
          passages.push(...cutter.end());

          assert.deepEqual(
            passages.flatMap(({ frames }) => frames),
            run,
          );
          assert.equal(
            passages.reduce((sum, { windows }) => sum + windows, 0),
            Math.ceil(samplesOf(run) / WINDOW_SAMPLES),
          );
          let cut = 0;
          let windows = 0;
          for (const passage of passages) {
            const { lead, frames, skipSamples } = passage;
            assert.deepEqual(lead, run.slice(cut - lead.length, cut));
            const leadStart = samplesOf(run.slice(0, cut - lead.length));
            // It starts to judge at the right window, and decoder and model have as much before it as they need, or all there
            // is.
            assert.equal(leadStart + skipSamples, (windows - passage.warmupWindows) * WINDOW_SAMPLES);
            assert.equal(passage.warmupWindows, Math.min(warmupWindows, windows));
            assert.ok(skipSamples >= OPUS_CONVERGENCE_SAMPLES || leadStart === 0);
            cut += frames.length;
            windows += passage.windows;
            // No window is judged before the frames that complete it.
            const heard = samplesOf(run.slice(0, cut));
            assert.ok(cut === run.length || windows * WINDOW_SAMPLES <= heard);
          }
        },
      ),
    );
  });

  it('are none if there are no frames', () => {
    assert.deepEqual(new PassageCutter('s16').end(), []);
  });
});
