import assert from 'node:assert/strict';
import fc from 'fast-check';
import { REGION_DEFAULTS, RegionDetector } from '../../../../src/audio/detect/regions.ts';
import type { Region, RegionOptions } from '../../../../src/audio/detect/regions.ts';
import { WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';

/** Windows of silence and speech, in milliseconds that are whole windows (32 ms). */
function windows(...stretches: [probability: number, ms: number][]): Float32Array {
  return Float32Array.from(stretches.flatMap(([probability, ms]) => Array<number>(ms / 32).fill(probability)));
}

function detect(probabilities: Float32Array, options: Partial<RegionOptions> = {}): Region[] {
  const detector = new RegionDetector(options);
  return [...detector.push(probabilities), ...detector.end(probabilities.length * WINDOW_SAMPLES)];
}

const inMs = (regions: Region[]): [number, number][] => regions.map(({ start, end }) => [start / 16, end / 16]);

describe('Speech regions', () => {
  it('are speech with padding on both sides', () => {
    assert.deepEqual(inMs(detect(windows([0, 1024], [0.9, 320], [0, 1024]))), [[1024 - 200, 1344 + 160]]);
  });

  it('keep a word of a fifth of a second and drop a click', () => {
    assert.equal(detect(windows([0, 1024], [0.9, 192], [0, 1024])).length, 1);
    assert.equal(detect(windows([0, 1024], [0.9, 32], [0, 1024])).length, 0);
  });

  it('continue over a pause within a sentence and end at one between sentences', () => {
    assert.equal(detect(windows([0.9, 320], [0, 640], [0.9, 320])).length, 1);
    assert.equal(detect(windows([0.9, 320], [0, 736], [0.9, 320])).length, 2);
  });

  it('continue while the probability is between the thresholds, and do not start there', () => {
    assert.equal(detect(windows([0.9, 320], [0.2, 3200], [0.9, 320])).length, 1);
    assert.equal(detect(windows([0.2, 3200])).length, 0);
  });

  it('stay within the run', () => {
    assert.deepEqual(inMs(detect(windows([0.9, 320]))), [[0, 320]]);
    const cutShort = new RegionDetector();
    cutShort.push(windows([0.9, 320]));
    assert.deepEqual(cutShort.end(320 * 16 - 100), [{ start: 0, end: 320 * 16 - 100 }]);
  });

  it('are one if their paddings would meet, however short the silence that ends a region is set', () => {
    const options = { minSilenceMs: 32, startPadMs: 200, endPadMs: 200 };
    assert.equal(detect(windows([0.9, 320], [0, 384], [0.9, 320]), options).length, 1);
    assert.equal(detect(windows([0.9, 320], [0, 416], [0.9, 320]), options).length, 2);
  });

  it('are cut if they are too long, where speech is least probable in their last quarter, and continue there', () => {
    const speech = windows([0.9, 3200], [0.5, 32], [0.9, 640], [0.6, 32], [0.9, 3200]);
    const regions = detect(speech, { maxSamples: 128 * WINDOW_SAMPLES });
    // Windows 96 to 127 are the last quarter; the dip to 0.5 in window 100 beats the one to 0.6 in window 121.
    assert.deepEqual(
      regions.slice(0, 2).map(({ start, end }) => [start / WINDOW_SAMPLES, end / WINDOW_SAMPLES]),
      [
        [0, 100.5],
        [100.5, 222],
      ],
    );
  });

  it('include the short rest of a region that was cut', () => {
    const regions = detect(windows([0.9, 4096], [0.9, 32], [0, 3200]), { maxSamples: 128 * WINDOW_SAMPLES });
    assert.equal(regions.length, 2);
    assert.equal(regions[0]?.end, regions[1]?.start);
    assert.equal(regions[1]?.end, 4128 * 16 + 160 * 16);
  });

  it('do not start before the place where planning resumes', () => {
    const speech = windows([0.9, 640], [0, 1600], [0.9, 640]);
    const [first, second] = detect(speech);
    assert.deepEqual(detect(speech, { notBefore: first!.end }), [second]);
    assert.deepEqual(detect(speech, { notBefore: 3000 }), [{ start: 3000, end: first!.end }, second]);
  });

  const probabilities = fc
    .array(fc.tuple(fc.constantFrom(0, 0.2, 0.3, 0.5, 0.9), fc.nat(40)), { maxLength: 40 })
    .map((stretches) => windows(...stretches.map(([p, n]): [number, number] => [p, n * 32])));
  const options = fc.record({
    minSpeechMs: fc.nat(300),
    minSilenceMs: fc.nat(1000),
    startPadMs: fc.nat(300),
    endPadMs: fc.nat(300),
    maxSamples: fc.constantFrom(Infinity, 40_000, 100_000),
    notBefore: fc.nat(100_000),
  });

  it('are the same however the probabilities are divided, and never start before `nextRegionFrom`', () => {
    fc.assert(
      fc.property(probabilities, options, fc.array(fc.nat(30), { maxLength: 30 }), (all, opts, cuts) => {
        const detector = new RegionDetector(opts);
        const regions: Region[] = [];
        let settled = detector.nextRegionFrom;
        let at = 0;
        for (const size of [...cuts, all.length]) {
          const found = detector.push(all.subarray(at, (at += size)));
          assert.ok(found.every(({ start }) => start >= settled));
          assert.ok(detector.nextRegionFrom >= settled);
          settled = detector.nextRegionFrom;
          regions.push(...found);
        }
        regions.push(...detector.end(all.length * WINDOW_SAMPLES));
        assert.deepEqual(regions, detect(all, opts));
      }),
    );
  });

  it('are in order, without overlap, within the run, no longer than allowed, and contain every lasting stretch of speech', () => {
    fc.assert(
      fc.property(probabilities, options, (all, opts) => {
        const regions = detect(all, opts);
        let end = opts.notBefore;
        for (const region of regions) {
          assert.ok(region.start >= end && region.end > region.start);
          assert.ok(region.end - region.start <= opts.maxSamples);
          end = region.end;
        }
        assert.ok(regions.length === 0 || end <= all.length * WINDOW_SAMPLES);
        const lasting = Math.ceil((opts.minSpeechMs * 16) / WINDOW_SAMPLES);
        for (const [first, last] of stretches(all, REGION_DEFAULTS.threshold)) {
          if (last - first < lasting) continue;
          for (let window = first; window < last; window++) {
            const middle = window * WINDOW_SAMPLES + WINDOW_SAMPLES / 2;
            if (middle < opts.notBefore) continue;
            assert.ok(
              regions.some((region) => region.start <= middle && middle < region.end),
              `window ${window}`,
            );
          }
        }
      }),
    );
  });
});

/** The stretches of windows at or above a threshold. The end is exclusive. */
function stretches(all: Float32Array, threshold: number): [number, number][] {
  const found: [number, number][] = [];
  let first: number | null = null;
  for (let i = 0; i <= all.length; i++) {
    const loud = i < all.length && all[i]! >= threshold;
    if (loud) first ??= i;
    else if (first !== null) {
      found.push([first, i]);
      first = null;
    }
  }
  return found;
}
