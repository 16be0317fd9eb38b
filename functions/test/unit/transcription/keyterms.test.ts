import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fittingKeyterms } from '../../../src/transcription/keyterms.ts';

describe('keyterms', () => {
  it('are trimmed, and sent once each', () => {
    assert.deepEqual(fittingKeyterms([' Omi', 'Omi ', '', '  ', 'customer service']), ['Omi', 'customer service']);
  });

  it('of a long vocabulary are the first ones that fit Deepgram’s limit', () => {
    const vocabulary = Array.from({ length: 1000 }, (_, index) => `term${String(index).padStart(4, '0')}`);
    assert.deepEqual(fittingKeyterms(vocabulary), vocabulary.slice(0, 125));
  });

  it('never take more bytes than 500 tokens can have', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 300 }), (vocabulary) => {
        const terms = fittingKeyterms(vocabulary);
        assert.ok(Buffer.byteLength(terms.join('')) <= 1000);
        assert.ok(terms.every((term) => term !== '' && term === term.trim()));
        assert.equal(new Set(terms).size, terms.length);
      }),
    );
  });
});
