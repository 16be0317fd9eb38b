import assert from 'node:assert/strict';
import { withoutRepeats } from '../../../src/conversations/repeats.ts';

const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs });
const texts = (words: readonly { text: string }[]): string[] => words.map(({ text }) => text);

describe('Words that were heard before', () => {
  it('are those that sound the same and overlap in time, whatever their case and punctuation', () => {
    const known = [word('Hello,', 1000, 1400)];
    assert.deepEqual(texts(withoutRepeats([word('hello', 1380, 1700), word('you', 1700, 1900)], known, [])), ['you']);
  });

  it('are not those that only touch, or that sound otherwise', () => {
    const known = [word('no', 1000, 1200)];
    const words = [word('so', 1100, 1200), word('no', 1200, 1400)];
    assert.deepEqual(withoutRepeats(words, known, []), words);
  });

  it('are found within a chunk, too, where its recordings overlap', () => {
    const words = [word('one', 0, 200), word('one', 20, 210), word('two', 300, 500)];
    assert.deepEqual(texts(withoutRepeats(words, [], [])), ['one', 'two']);
  });

  it('tell letters of any script apart, and signs that have none', () => {
    const known = [word('да', 0, 200), word('…', 0, 200)];
    assert.deepEqual(texts(withoutRepeats([word('Да!', 0, 200), word('не', 0, 200), word('?', 0, 200)], known, [])), [
      'не',
      '?',
    ]);
  });

  it('are also those whose middle lies where something was deleted, its edges included', () => {
    const deleted = [{ startMs: 1000, endMs: 2000 }];
    const words = [
      word('before', 800, 1198),
      word('first', 900, 1100),
      word('last', 1900, 2100),
      word('after', 1802, 2200),
    ];
    assert.deepEqual(texts(withoutRepeats(words, [], deleted)), ['before', 'after']);
  });

  describe('are told from words of another session at the same time', () => {
    const text = 'the one who said it first was the one who had to say it again and the rest of us went home'.split(
      ' ',
    );
    const other = 'on monday we took the train to the lake and it rained but the boat was there so we rowed'.split(' ');
    const spoken = (all: readonly string[], offsetMs: number) =>
      all.map((each, i) => word(each, i * 300 + offsetMs, i * 300 + 280 + offsetMs));

    it('which all stay, those that happen to be equal too', () => {
      const second = spoken(other, 40);
      assert.deepEqual(withoutRepeats(second, spoken(text, 0), []), second);
    });

    it('while the same audio again adds nothing, with a word in five heard otherwise', () => {
      const again = spoken(text, 30).map((each, i) => (i % 5 === 2 ? { ...each, text: 'uh' } : each));
      assert.deepEqual(texts(withoutRepeats(again, spoken(text, 0), [])), ['uh', 'uh', 'uh', 'uh']);
    });
  });
});
