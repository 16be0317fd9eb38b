import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutsOf, placeInterval } from '../../../../src/audio/chunk/timeMap.ts';
import type { Span } from '../../../../src/audio/chunk/timeMap.ts';

const T0 = 1_760_000_000_000;

/** Spans of the given lengths, each after a hole of silence. All are in samples, so that times are multiples of 1/16 ms. */
function spansOf(...pieces: [hole: number, samples: number][]): Span[] {
  let chunkStart = 0;
  let absolute = 0;
  return pieces.map(([hole, samples]) => {
    absolute += hole;
    const span = {
      fileName: 'r',
      firstFrame: 0,
      endFrame: 0,
      chunkStartMs: chunkStart / 16,
      startMs: T0 + absolute / 16,
      durationMs: samples / 16,
    };
    chunkStart += samples;
    absolute += samples;
    return span;
  });
}

describe('Time map', () => {
  const minute = 60_000 * 16;
  const twoWords = spansOf([0, 16_000], [minute, 16_000]);

  it('places a time within a span by that span', () => {
    assert.deepEqual(placed(twoWords, 250, 300), [T0 + 250, T0 + 300]);
    assert.deepEqual(placed(twoWords, 1250, 1300), [T0 + 61_250, T0 + 61_300]);
  });

  it('places a start at the border of two spans in the later one, and an end in the earlier one', () => {
    assert.deepEqual(placed(twoWords, 1000, 1100), [T0 + 61_000, T0 + 61_100]);
    assert.deepEqual(placed(twoWords, 900, 1000), [T0 + 900, T0 + 1000]);
  });

  it('moves times outside of the chunk to its start or end', () => {
    assert.deepEqual(placed(spansOf([0, 16_000]), -5, 1005), [T0, T0 + 1000]);
  });

  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 50_000 })), {
    minLength: 1,
    maxLength: 30,
  });

  it('is exact to one sample, at both edges', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(1_500_000)), (lengths, samples) => {
        const spans = spansOf(...lengths.map(([hole, length]): [number, number] => [hole, length]));
        const total = lengths.reduce((sum, [, length]) => sum + length, 0);
        for (const sample of samples) {
          const [start, end] = [(sample % total) / 16, ((sample % total) + 1) / 16];
          assert.deepEqual(placed(spans, start, end), [scan(spans, start, 'start'), scan(spans, end, 'end')]);
        }
      }),
    );
  });

  it('never goes back in time within a recording', () => {
    fc.assert(
      fc.property(
        pieces,
        fc.double({ min: -10, max: 1e5, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (l, a, d) => {
          const spans = spansOf(...l.map(([hole, length]): [number, number] => [hole, length]));
          const [earlier, later] = [a, a + d].map((at) => placeInterval(spans, { startMs: at, endMs: at }).startMs);
          assert.ok(earlier !== undefined && later !== undefined && earlier <= later);
        },
      ),
    );
  });

  it('knows where silence was cut out, which is not at borders of recordings or lost frames: a word may cross those', () => {
    const spans = spansOf([0, 16_000], [0, 16_000], [minute, 16_000], [20 * 16, 16_000], [340 * 16, 16_000]);
    assert.deepEqual(cutsOf(spans), [2000, 4000]);
    assert.deepEqual(cutsOf(spans.slice(0, 1)), []);
  });

  describe('for words', () => {
    it('places each end by its own span over a border of recordings', () => {
      const joined = spansOf([0, 16_000], [100 * 16, 16_000]);
      assert.deepEqual(placed(joined, 900, 1200), [T0 + 900, T0 + 1300]);
    });

    it('ends a word at a cut if it extends a little beyond it', () => {
      assert.deepEqual(placed(twoWords, 800, 1020), [T0 + 800, T0 + 1000]);
    });

    it('starts a word at a cut if it begins a little before it', () => {
      assert.deepEqual(placed(twoWords, 980, 1200), [T0 + 61_000, T0 + 61_200]);
    });

    it('places a word between two borders by its own spans, and a word without length at one time', () => {
      assert.deepEqual(placed(twoWords, 1000, 2000), [T0 + 61_000, T0 + 62_000]);
      assert.deepEqual(placed(twoWords, 1000, 1000), [T0 + 61_000, T0 + 61_000]);
    });

    it('never lengthens a word by more than the small holes within it', () => {
      fc.assert(
        fc.property(pieces, fc.nat(90_000), fc.integer({ min: 1, max: 3000 }), (lengths, startMs, length) => {
          const spans = spansOf(...lengths.map(([hole, samples]): [number, number] => [hole, samples]));
          const word = { startMs, endMs: startMs + length };
          const found = placeInterval(spans, word);
          assert.ok(found.startMs <= found.endMs);
          const holes = spans.filter(({ startMs: at }, i) => i > 0 && at > found.startMs && at < found.endMs).length;
          assert.ok(found.endMs - found.startMs <= length + holes * 250);
        }),
      );
    });
  });
});

function placed(spans: readonly Span[], fromMs: number, toMs: number): [number, number] {
  const { startMs, endMs } = placeInterval(spans, { startMs: fromMs, endMs: toMs });
  return [startMs, endMs];
}

/** The absolute time of a moment of the chunk, found by a linear search. */
function scan(spans: readonly Span[], chunkMs: number, edge: 'start' | 'end'): number | undefined {
  const span = spans.find(({ chunkStartMs, durationMs }) => {
    const end = chunkStartMs + durationMs;
    return edge === 'start' ? chunkMs >= chunkStartMs && chunkMs < end : chunkMs > chunkStartMs && chunkMs <= end;
  });
  return span && span.startMs + (chunkMs - span.chunkStartMs);
}
