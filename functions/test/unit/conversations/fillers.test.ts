import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Fillers, relevanceOf } from '../../../src/conversations/fillers.ts';

describe('relevance', () => {
  const fillers: readonly [text: string, language: string | null][] = [
    ['', null],
    ['Um, uh, hmmm.', 'en'],
    ['Mm-hmm.\nUh-huh.', 'en'],
    ['Yeah. Okay. Right.', 'en-US'],
    ['Ahhh! Ohhh…', null],
    ['Haha, hahaha.', 'en'],
    ['[coughs] (clears his throat) *sneezes*', 'en'],
    ['[Background noise]', 'en'],
    ['Ähm, ja. Ja, ja. Na ja.', 'de'],
    ['Euh… ben oui, hein.', 'fr'],
    ['Eh, pues sí.', 'es'],
    ['Ну да, ага, угу.', 'ru'],
    ['हाँ, ठीक है।', 'hi'],
    ['はい。ええと…うん、えっとえっと。', 'ja'],
    ['嗯嗯，好好。', 'zh'],
    ['네, 음.', 'ko'],
  ];
  for (const [text, language] of fillers) {
    it(`of “${text.replace('\n', ' / ')}” is fillers`, () => {
      assert.equal(relevanceOf(text, language), 'fillers');
    });
  }

  const speech: readonly [text: string, language: string | null][] = [
    ['Um, wait.', 'en'],
    ['Help!', 'en'],
    ['Four.', 'en'],
    ['Ähm, morgen.', 'de'],
    ['Ja, nee.', 'en'], // fillers of other languages are words of this one
    ['[unrecognised speech]', null],
    ['(coffee)', 'en'],
    ['えっと、明日。', 'ja'],
    ['東京', 'ja'],
    ['嗯，明天见', 'zh'],
    ['12', null],
  ];
  for (const [text, language] of speech) {
    it(`of “${text}” is speech`, () => {
      assert.equal(relevanceOf(text, language), 'speech');
    });
  }

  it('of one side of a long talk is speech, whatever it says', () => {
    assert.equal(relevanceOf(Array(20).fill('Yeah.').join(' '), 'en'), 'fillers');
    assert.equal(relevanceOf(Array(21).fill('Yeah.').join(' '), 'en'), 'speech');
  });

  it('never becomes fillers through an additional word', () => {
    const word = fc.constantFrom('um', 'yeah', 'table', 'ok', 'seven', '[coughs]');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const text = words.join(' ');
        const isSpeech = relevanceOf(text, 'en') === 'speech';
        for (const more of ['um', 'chair']) {
          if (isSpeech) assert.equal(relevanceOf(`${text} ${more}`, 'en'), 'speech');
        }
      }),
    );
  });

  it('can be determined for any text, in a time that its length limits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 500 }),
        fc.constantFrom('en', 'ja', 'zh', null),
        (text, language) => {
          const found = new Fillers(language);
          assert.ok(found.contentWords(text) >= 0);
          assert.ok(text.includes(found.stripLeading(text)) || found.stripLeading(text) === '');
        },
      ),
    );
  });
});
