import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cutIntoPieces,
  halvesOf,
  MAX_PIECE_SAMPLES,
  MAX_BATCH_PIECES,
  MIN_PIECE_SAMPLES,
  toBatches,
} from '../../../../src/transcription/local/pieces.ts';

const RATE = 16_000;

/** Noise, silent in some stretches, seconds. */
function speech(seconds: number, ...silences: readonly (readonly [number, number])[]): Float32Array {
  const pcm = Float32Array.from({ length: Math.round(seconds * RATE) }, (_, i) => Math.sin(i * i));
  for (const [from, to] of silences) pcm.fill(0, from * RATE, to * RATE);
  return pcm;
}

describe('pieces of speech', () => {
  it('are a single one if it is short', () => {
    assert.deepEqual(cutIntoPieces(speech(9), [3 * RATE]), [{ start: 0, end: 9 * RATE }]);
  });

  it('end at the last pause that detection found', () => {
    const pauses = [6, 8, 9.5, 12].map((second) => second * RATE);
    const ends = cutIntoPieces(speech(15), pauses).map(({ end }) => end / RATE);
    assert.deepEqual(ends, [9.5, 15]);
  });

  it('end in their longest pause if detection found none', () => {
    const [first, second] = cutIntoPieces(speech(15, [5.2, 5.5], [6.9, 7.5], [9, 9.3]), []);
    assert.ok(first!.end > 6.9 * RATE && first!.end < 7.5 * RATE, `${first!.end / RATE}`);
    assert.equal(second!.start, first!.end);
  });

  it('overlap around a quiet moment if there is no pause: a word of which one has half is whole in the other', () => {
    const [first, second] = cutIntoPieces(speech(15, [5.2, 5.3], [8.4, 8.5]), []);
    const [from, to] = [second!.start / RATE, first!.end / RATE];
    assert.ok(from < 8.4 - 0.6 && to > 8.5 + 0.6, `${from} to ${to}`);
    assert.ok(to - from < 2);
  });

  it('cover everything, in order, none too long, none too short', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 60, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { maxLength: 20 }),
        fc.boolean(),
        (seconds, pauses, isSilent) => {
          const pcm = isSilent ? new Float32Array(Math.round(seconds * RATE)) : speech(seconds);
          const positions = pauses.map((pause) => Math.round(pause * RATE)).sort((a, b) => a - b);
          const pieces = cutIntoPieces(pcm, positions);
          assert.equal(pieces[0]!.start, 0);
          assert.equal(pieces.at(-1)!.end, pcm.length);
          for (const [i, { start, end }] of pieces.entries()) {
            if (i > 0)
              assert.ok(start <= pieces[i - 1]!.end && start > pieces[i - 1]!.start && end > pieces[i - 1]!.end);
            assert.ok(Number.isInteger(start) && end - start <= MAX_PIECE_SAMPLES);
            if (pieces.length > 1) assert.ok(end - start >= MIN_PIECE_SAMPLES, `${(end - start) / RATE}`);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('have halves, cut where it is quietest, unless those would be too short', () => {
    const [first, second] = halvesOf({ start: 0, end: 8 * RATE }, speech(8, [4.4, 4.7]))!;
    assert.ok(first.end > 4.4 * RATE && first.end < 4.7 * RATE);
    assert.deepEqual(second, { start: first.end, end: 8 * RATE });
    assert.equal(halvesOf({ start: 0, end: 2 * RATE }, speech(2)), null);
  });

  it('are batched so that each is recognised once, every thread has work, and no batch is much longer than another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        (seconds, threads) => {
          let start = 0;
          const pieces = seconds.map((length) => ({ start, end: (start += length * RATE) }));
          const batches = toBatches(pieces, threads);
          assert.deepEqual(
            batches.flat().sort((a, b) => a.start - b.start),
            pieces,
          );
          assert.ok(batches.length >= Math.min(threads, pieces.length));
          const sizes = batches.map(({ length }) => length);
          assert.ok(sizes.every((size) => size >= 1 && size <= MAX_BATCH_PIECES));
          if (sizes.length > 0) assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
        },
      ),
    );
  });
});
