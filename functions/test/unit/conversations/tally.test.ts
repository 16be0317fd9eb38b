import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TimedSegment } from '../../../src/conversations/conversation.ts';
import { addTallies, tallyOf } from '../../../src/conversations/tally.ts';

const segments: fc.Arbitrary<TimedSegment[]> = fc
  .array(
    fc.record({
      startMs: fc.nat(1e6),
      lengthMs: fc.nat(2000),
      language: fc.constantFrom('en', 'de', null),
    }),
  )
  .map((words) =>
    words.map(({ startMs, lengthMs, language }) => {
      const word = { text: 'x', startMs, endMs: startMs + lengthMs, confidence: 1, speaker: null, language };
      const recording = { recordingId: 'recording', startedAtMs: 0 };
      return { ...word, recording, words: [word] };
    }),
  );

describe('The tally of a conversation', () => {
  it('is the same to the last digit, in whatever pieces it is added', () => {
    fc.assert(
      fc.property(fc.array(segments, { maxLength: 4 }), (pieces) => {
        const whole = addTallies([tallyOf(pieces.flat())]);
        const inPieces = pieces.reduce((sum, piece) => addTallies([sum, tallyOf(piece)]), addTallies([]));
        assert.deepEqual(inPieces, whole);
      }),
    );
  });

  it('has the language of most words, and in a tie the first in the alphabet', () => {
    const tally = (languages: Record<string, number>) => ({ ...tallyOf([]), languages });
    assert.equal(addTallies([tally({ en: 2, de: 1 }), tally({ fr: 4 })]).language, 'fr');
    assert.equal(addTallies([tally({ en: 2 }), tally({ de: 2 })]).language, 'de');
    assert.equal(addTallies([]).language, null);
  });

  it('counts languages whatever their names are, and a hundred of them at most', () => {
    const word = { text: 'x', startMs: 0, endMs: 1, confidence: 1, speaker: null };
    const recording = { recordingId: 'recording', startedAtMs: 0 };
    const names = ['constructor', 'constructor', 'toString', ...Array.from({ length: 5000 }, (_, i) => `x${i}`)];
    const words = names.map((language) => ({ ...word, language }));
    const { languages, language } = addTallies([tallyOf([{ ...word, language: null, recording, words }])]);
    assert.deepEqual(Object.entries(languages).slice(0, 2), [
      ['constructor', 2],
      ['toString', 1],
    ]);
    assert.equal(language, 'constructor');
    assert.equal(Object.keys(languages).length, 100);
  });
});
