import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinPieces } from '../../../../src/transcription/local/joinPieces.ts';
import type { TimedWord } from '../../../../src/transcription/local/joinPieces.ts';

const RATE = 16_000;

/** A piece from one second to another, whose words begin at the given times and last 0.3 s each. */
function heard(from: number, to: number, ...words: readonly (readonly [text: string, at: number])[]) {
  return {
    piece: { start: from * RATE, end: to * RATE },
    words: words.map(([text, at]) => ({ text, startSeconds: at - from, endSeconds: at - from + 0.3 })),
  };
}

function texts(words: readonly TimedWord[]): string {
  return words.map(({ text }) => text).join(' ');
}

describe('words of pieces', () => {
  it('are those of each piece, one after the other, if a pause divides the pieces', () => {
    const words = joinPieces([heard(0, 8, ['one', 1], ['two', 7.6]), heard(8, 12, ['two', 8.1], ['three', 9])]);
    assert.equal(texts(words), 'one two two three');
    assert.deepEqual(
      words.map(({ startSeconds }) => startSeconds),
      [1, 7.6, 8.1, 9],
    );
  });

  it('occur once each if the pieces overlap, although each piece has half of one', () => {
    const words = joinPieces([
      heard(0, 9, ['the', 7.2], ['green', 7.5], ['house', 7.8], ['was', 8.2], ['cold.', 8.6], ['A', 8.9]),
      heard(7.4, 15, ['Green', 7.5], ['house', 7.85], ['was', 8.2], ['cold,', 8.6], ['and', 8.9], ['dark', 9.3]),
    ]);
    assert.equal(texts(words), 'the green house was cold, and dark');
  });

  it('keep a word that is said twice', () => {
    const words = joinPieces([
      heard(0, 9, ['no', 7.5], ['no', 7.9], ['no', 8.3], ['no', 8.7]),
      heard(7.4, 15, ['no', 7.5], ['no', 7.9], ['no', 8.3], ['no', 8.7], ['never', 9.1]),
    ]);
    assert.equal(texts(words), 'no no no no never');
  });

  it('are neither lost nor doubled if pieces disagree about their times', () => {
    for (const [left, right] of [
      [8.2, 7.95],
      [7.95, 8.2],
    ] as const) {
      const words = joinPieces([
        heard(0, 9, ['it', 7.6], ['was', left], ['cold', 8.6]),
        heard(7.4, 15, ['It', 7.6], ['was', right], ['cold', 8.6]),
      ]);
      assert.equal(texts(words).toLowerCase(), 'it was cold');
    }
  });

  it('have one text for a sound that pieces recognised differently, and none is lost', () => {
    for (const [left, right] of [
      [8.0, 8.1],
      [8.1, 8.0],
      [8.0, 8.0],
      [8.1, 8.1],
    ] as const) {
      const words = joinPieces([
        heard(0, 9, ['wait', 7.5], ['there', left], ['x', 8.6]),
        heard(7.4, 15, ['y', 7.5], ['their', right], ['coat', 8.7]),
      ]);
      assert.match(texts(words), /^wait (there|their) coat$/);
    }
  });

  it('are what was said, in order, wherever pieces are cut, if each piece recognises the words that are whole in it', () => {
    const lengths = fc.array(fc.integer({ min: 10, max: 70 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.infiniteStream(fc.integer({ min: 300, max: 900 })), (hundredths, cuts) => {
        let at = 0;
        const said = hundredths.map((length, i) => ({
          text: `w${i}`,
          startSeconds: at / 100,
          endSeconds: (at += length) / 100,
        }));
        const pieces = [];
        let start = 0;
        for (const length of cuts) {
          const end = Math.min(at / 100, start + length / 100 + 0.8);
          pieces.push({ piece: { start: start * RATE, end: end * RATE }, words: partOf(said, start, end) });
          if (end === at / 100) break;
          start = end - 1.6;
        }
        assert.equal(texts(joinPieces(pieces)), texts(said));
      }),
    );
  });
});

/** The words within a piece, with times from its start. A word of which only half is in the piece becomes another word. */
function partOf(said: readonly TimedWord[], from: number, to: number): TimedWord[] {
  return said
    .filter(({ startSeconds, endSeconds }) => endSeconds > from + 0.01 && startSeconds < to - 0.01)
    .map(({ text, startSeconds, endSeconds }) => ({
      text: startSeconds >= from - 0.01 && endSeconds <= to + 0.01 ? text : `half of ${text}`.replaceAll(' ', '-'),
      startSeconds: Math.max(from, startSeconds) - from,
      endSeconds: Math.min(to, endSeconds) - from,
    }));
}
