import assert from 'node:assert/strict';
import { wordsOfPieces } from '../../../../src/transcription/local/tokens.ts';

describe('the pieces that a recogniser writes', () => {
  const texts = (pieces: readonly string[]) => wordsOfPieces(pieces).map(({ text }) => text);

  it('become words, each with its punctuation', () => {
    assert.deepEqual(wordsOfPieces(['▁Good', '▁mor', 'ning', ',', '▁you', '.']), [
      { text: 'Good', from: 0, to: 1 },
      { text: 'morning,', from: 1, to: 4 },
      { text: 'you.', from: 4, to: 6 },
    ]);
  });

  it('become characters if they are bytes', () => {
    assert.deepEqual(texts(['▁caf', '<0xC3>', '<0xA9>', '▁now']), ['café', 'now']);
  });

  it('are no word if they are only punctuation', () => {
    assert.deepEqual(texts(['▁-', '▁yes', '▁', '▁"']), ['yes']);
    assert.deepEqual(texts([]), []);
  });

  it('have a single comma where the model writes two', () => {
    assert.deepEqual(texts(['▁cousin', ',', ',', '▁well', '...']), ['cousin,', 'well...']);
  });

  it('make a word even if the first piece does not begin one', () => {
    assert.deepEqual(texts(['ello', '▁there']), ['ello', 'there']);
  });
});
