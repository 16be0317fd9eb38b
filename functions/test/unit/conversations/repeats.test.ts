import assert from 'node:assert/strict';
import { Sounds } from '../../../src/jobs/sounds.ts';
import { withoutRepeats } from '../../../src/conversations/repeats.ts';

const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs });
const texts = (words: readonly { text: string }[]): string[] => words.map(({ text }) => text);

describe('Words that were transcribed before', () => {
  it('are those that are the same and overlap in time, whatever their case and punctuation', () => {
    const known = [word('Hello,', 1000, 1400)];
    assert.deepEqual(texts(withoutRepeats([word('hello', 1380, 1700), word('you', 1700, 1900)], known, [])), ['you']);
  });

  it('are not those that only touch, or that differ', () => {
    const known = [word('no', 1000, 1200)];
    const words = [word('so', 1100, 1200), word('no', 1200, 1400)];
    assert.deepEqual(withoutRepeats(words, known, []), words);
  });

  it('are found within a chunk, too, where its recordings overlap', () => {
    const words = [word('one', 0, 200), word('one', 20, 210), word('two', 300, 500)];
    assert.deepEqual(texts(withoutRepeats(words, [], [])), ['one', 'two']);
  });

  it('are compared once with each word of their time, however long imported words are', () => {
    let reads = 0;
    const at = (i: number) => ({
      text: `word${i}`,
      startMs: i,
      get endMs() {
        reads++;
        return 60_000;
      },
    });
    const words = Array.from({ length: 400 }, (_, i) => at(i));
    assert.equal(withoutRepeats(words, [], []).length, words.length);
    assert.ok(reads < words.length ** 2, `${reads} reads`);
  });

  it('are compared by the letters of any script, and by all signs if they have no letters', () => {
    const known = [word('да', 0, 200), word('…', 0, 200)];
    assert.deepEqual(texts(withoutRepeats([word('Да!', 0, 200), word('не', 0, 200), word('?', 0, 200)], known, [])), [
      'не',
      '?',
    ]);
  });

  it('are also those whose middle lies in a deleted stretch or on its edge', () => {
    const deleted = [{ startMs: 1000, endMs: 2000 }];
    const words = [
      word('before', 800, 1198),
      word('first', 900, 1100),
      word('last', 1900, 2100),
      word('after', 1802, 2200),
    ];
    assert.deepEqual(texts(withoutRepeats(words, [], deleted)), ['before', 'after']);
  });

  describe('whose sound is known', () => {
    const place = (recordingId: string) => ({ recordingId, startedAtMs: 0 });
    const said = (recordingId: string, text: string, startMs: number) => ({
      ...word(text, startMs, startMs + 300),
      recording: place(recordingId),
    });
    /** The loudness of each recording from moment to moment; `again` is `first` in another encoding. */
    const stretchOf = (recordingId: string, seed: number) => ({
      recordingId,
      recordingStartMs: 0,
      startMs: 0,
      frameSamples: 160,
      levels: Buffer.from(Array.from({ length: 600 }, (_, i) => 100 + ((Math.floor(i / 8) * seed) % 97))),
    });
    const sounds = new Sounds([stretchOf('first', 31), stretchOf('again', 31), stretchOf('other', 67)]);
    const known = [said('first', 'yes', 1000)];

    it('do not include an equal word of another session, however few there are to compare', () => {
      const other = [said('other', 'Yes.', 1010)];
      assert.deepEqual(withoutRepeats(other, known, [], sounds), other);
    });

    it('include a word of the same audio, although the words around it were transcribed differently', () => {
      const misheard = ['red', 'fox', 'den', 'log', 'owl'].map((text, i) => said('first', text, 2000 + 400 * i));
      const again = [
        said('again', 'yes', 990),
        ...misheard.map((each) => said('again', `${each.text}s`, each.startMs)),
      ];
      const kept = withoutRepeats(again, [...known, ...misheard], [], sounds);
      assert.ok(!texts(kept).includes('yes'));
    });

    it('include a word that its own recording repeats, but not one that two voices say at once', () => {
      assert.deepEqual(withoutRepeats([said('first', 'yes', 1010)], known, [], sounds), []);
      const both = [said('first', 'no', 3000), said('first', 'no', 3050)];
      assert.deepEqual(withoutRepeats(both, known, [], sounds), both);
    });
  });

  describe('beside another session at the same time', () => {
    const text = 'the one who said it first was the one who had to say it again and the rest of us went home'.split(
      ' ',
    );
    const other = 'on monday we took the train to the lake and it rained but the boat was there so we rowed'.split(' ');
    const spoken = (all: readonly string[], offsetMs: number) =>
      all.map((each, i) => word(each, i * 300 + offsetMs, i * 300 + 280 + offsetMs));

    it('do not include its words, not even those that are equal by chance', () => {
      const second = spoken(other, 40);
      assert.deepEqual(withoutRepeats(second, spoken(text, 0), []), second);
    });

    it('include those of the same audio, although one word in five was transcribed differently', () => {
      const again = spoken(text, 30).map((each, i) => (i % 5 === 2 ? { ...each, text: 'uh' } : each));
      assert.deepEqual(texts(withoutRepeats(again, spoken(text, 0), [])), ['uh', 'uh', 'uh', 'uh']);
    });
  });
});
