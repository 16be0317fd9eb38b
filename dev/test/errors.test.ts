import assert from 'node:assert/strict';
import { comparable, wordErrors } from '../demo/errors.ts';

describe('Errors of a recogniser', () => {
  it('are counted in words, whatever their case, punctuation and way of writing', () => {
    assert.deepEqual(wordErrors('MISTER HALE CAME AT TWENTY FIVE', 'Mr. Hale came at 25.'), { words: 6, errors: 0 });
    assert.deepEqual(comparable("Dr. O\u2019Neil's well-known 7, 40 and 1985"), [
      'doctor',
      "o'neil's",
      'well',
      'known',
      'seven',
      'forty',
      'and',
      '1985',
    ]);
  });

  it('are words that are missing, that are wrong, and that were not said', () => {
    assert.deepEqual(wordErrors('one two three four', 'one too three four five'), { words: 4, errors: 2 });
    assert.deepEqual(wordErrors('one two', ''), { words: 2, errors: 2 });
    assert.deepEqual(wordErrors('', 'one'), { words: 0, errors: 1 });
  });
});
