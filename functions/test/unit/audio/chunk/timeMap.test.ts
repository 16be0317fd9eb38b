import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toAbsoluteInterval, toAbsoluteMs, toChunkMs } from '../../../../src/audio/chunk/timeMap.ts';
import type { Span } from '../../../../src/audio/chunk/timeMap.ts';

const T0 = 1_760_000_000_000;

/** Spans of the given lengths, each after a hole of silence; all in samples, so that times fall on sixteenths of a ms. */
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

  it('places a moment in its span', () => {
    assert.equal(toAbsoluteMs(twoWords, 250), T0 + 250);
    assert.equal(toAbsoluteMs(twoWords, 1250), T0 + 1000 + 60_000 + 250);
  });

  it('gives the border of two spans to the later one as a start, and to the earlier one as an end', () => {
    assert.equal(toAbsoluteMs(twoWords, 1000, 'start'), T0 + 61_000);
    assert.equal(toAbsoluteMs(twoWords, 1000, 'end'), T0 + 1000);
  });

  it('clamps what lies outside', () => {
    for (const edge of ['start', 'end'] as const) {
      assert.equal(toAbsoluteMs(twoWords, -5, edge), T0);
      assert.equal(toAbsoluteMs(twoWords, 2005, edge), T0 + 62_000);
    }
  });

  it('has no place for what was cut out', () => {
    assert.equal(toChunkMs(twoWords, T0 + 30_000), null);
    assert.equal(toChunkMs(twoWords, T0 + 61_000, 'start'), 1000);
    assert.equal(toChunkMs(twoWords, T0 + 1000, 'end'), 1000);
  });

  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 50_000 })), {
    minLength: 1,
    maxLength: 30,
  });

  it('is exact to one sample, both ways, at both edges', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(1_500_000)), (lengths, samples) => {
        const spans = spansOf(...lengths.map(([hole, length]): [number, number] => [hole, length]));
        const total = lengths.reduce((sum, [, length]) => sum + length, 0);
        for (const sample of samples) {
          const start = (sample % total) / 16;
          const end = ((sample % total) + 1) / 16;
          assert.equal(toAbsoluteMs(spans, start, 'start'), scan(spans, start, 'start'));
          assert.equal(toAbsoluteMs(spans, end, 'end'), scan(spans, end, 'end'));
          assert.equal(toChunkMs(spans, toAbsoluteMs(spans, start, 'start'), 'start'), start);
          assert.equal(toChunkMs(spans, toAbsoluteMs(spans, end, 'end'), 'end'), end);
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
          for (const edge of ['start', 'end'] as const) {
            assert.ok(toAbsoluteMs(spans, a, edge) <= toAbsoluteMs(spans, a + d, edge));
          }
        },
      ),
    );
  });

  describe('for words', () => {
    it('places each end by its own span over a border of recordings', () => {
      const joined = spansOf([0, 16_000], [100 * 16, 16_000]);
      assert.deepEqual(toAbsoluteInterval(joined, { startMs: 900, endMs: 1200 }), {
        startMs: T0 + 900,
        endMs: T0 + 1300,
      });
    });

    it('ends a word at the cut that it reaches a little over', () => {
      assert.deepEqual(toAbsoluteInterval(twoWords, { startMs: 800, endMs: 1020 }), {
        startMs: T0 + 800,
        endMs: T0 + 1000,
      });
    });

    it('starts a word at the cut that it begins a little before', () => {
      assert.deepEqual(toAbsoluteInterval(twoWords, { startMs: 980, endMs: 1200 }), {
        startMs: T0 + 61_000,
        endMs: T0 + 61_200,
      });
    });

    it('gives a word between two borders its own spans, and a word of no length one place', () => {
      assert.deepEqual(toAbsoluteInterval(twoWords, { startMs: 1000, endMs: 2000 }), {
        startMs: T0 + 61_000,
        endMs: T0 + 62_000,
      });
      assert.deepEqual(toAbsoluteInterval(twoWords, { startMs: 1000, endMs: 1000 }), {
        startMs: T0 + 61_000,
        endMs: T0 + 61_000,
      });
    });

    it('never stretches a word by more than the small holes inside it', () => {
      fc.assert(
        fc.property(pieces, fc.nat(90_000), fc.integer({ min: 1, max: 3000 }), (lengths, startMs, length) => {
          const spans = spansOf(...lengths.map(([hole, samples]): [number, number] => [hole, samples]));
          const word = { startMs, endMs: startMs + length };
          const placed = toAbsoluteInterval(spans, word);
          assert.ok(placed.startMs <= placed.endMs);
          const holes = spans.filter(({ startMs: at }, i) => i > 0 && at > placed.startMs && at < placed.endMs).length;
          assert.ok(placed.endMs - placed.startMs <= length + holes * 250);
        }),
      );
    });
  });
});

/** What {@link toAbsoluteMs} is, written as a plain scan. */
function scan(spans: readonly Span[], chunkMs: number, edge: 'start' | 'end'): number | undefined {
  const span = spans.find(({ chunkStartMs, durationMs }) => {
    const end = chunkStartMs + durationMs;
    return edge === 'start' ? chunkMs >= chunkStartMs && chunkMs < end : chunkMs > chunkStartMs && chunkMs <= end;
  });
  return span && span.startMs + (chunkMs - span.chunkStartMs);
}
