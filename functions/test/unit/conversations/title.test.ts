import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clip, extractTitle } from '../../../src/conversations/title.ts';

describe('an extractive title', () => {
  const cases: readonly [name: string, text: string, language: string | null, title: string | null][] = [
    [
      'is the first sentence that says something',
      'Hello there. The train leaves at nine. Hurry.',
      'en',
      'The train leaves at nine',
    ],
    [
      'skips what says nothing',
      'Um, yeah. Okay.\nUh, we need more flour for the bread.',
      'en',
      'We need more flour for the bread',
    ],
    [
      'keeps words that only elsewhere are fillers',
      'So far so good, said the gardener.',
      'en',
      'So far so good, said the gardener',
    ],
    ['keeps a question a question', 'Where did you put the keys?', 'en', 'Where did you put the keys?'],
    [
      'of nothing but short sentences is the one that says most',
      'Hi. Come in, please. Thanks.',
      'en',
      'Come in, please',
    ],
    ['of one word is that word', 'Help!', 'en', 'Help!'],
    [
      'does not run from one speaker into the next',
      'Is it ready\nNo not before the evening comes',
      'en',
      'No not before the evening comes',
    ],
    ['of fillers only is none', 'Um. Uh-huh. [coughs]', 'en', null],
    ['of nothing is none', '', null, null],
    ['in German', 'Ähm, ja. Wir fahren morgen früh nach Hamburg.', 'de', 'Wir fahren morgen früh nach Hamburg'],
    ['in Spanish', 'Pues, ¿dónde está la estación de tren?', 'es', '¿Dónde está la estación de tren?'],
    ['in Russian', 'Ну, завтра мы едем в Москву.', 'ru', 'Завтра мы едем в Москву'],
    ['in Hindi', 'हाँ। हम कल सुबह दिल्ली जा रहे हैं।', 'hi', 'हम कल सुबह दिल्ली जा रहे हैं'],
    ['in Japanese', 'えっと、明日の朝は東京駅で会いましょう。', 'ja', '明日の朝は東京駅で会いましょう'],
    ['in Chinese', '嗯，我们明天早上在火车站见面吧。', 'zh', '我们明天早上在火车站见面吧'],
    ['in Thai', 'พรุ่งนี้เราไปตลาดกัน', 'th', 'พรุ่งนี้เราไปตลาดกัน'],
    ['in an unknown language', 'Sutra idemo na more rano.', null, 'Sutra idemo na more rano'],
    ['with a language tag that is none', 'The train leaves at nine.', 'not a tag', 'The train leaves at nine'],
    ['with Georgian letters as they are', 'ხვალ დილით თბილისში მივდივართ.', 'ka', 'ხვალ დილით თბილისში მივდივართ'],
    [
      'that begins with a letter that has no capital',
      'ß is the letter that I mean.',
      'en',
      'ß is the letter that I mean',
    ],
    ['of speech nobody could transcribe says so', '[unrecognised speech]', null, '[Unrecognised speech]'],
  ];
  for (const [name, text, language, title] of cases) {
    it(name, () => {
      assert.equal(extractTitle(text, language), title);
    });
  }

  it('of a long sentence ends at a word, within a line', () => {
    const text = 'the harbour master said that the ferry to the islands would not leave before the storm has passed.';
    const title = extractTitle(text, 'en')!;
    assert.equal(title, 'The harbour master said that the ferry to the islands would…');
    assert.equal(title.length, 60);
  });

  it('of a long sentence without spaces ends at a word, and counts wide characters twice', () => {
    const text = '明日の朝は東京駅の北口で会ってから一緒に新幹線で京都まで行きましょうと彼女が言いました。';
    const title = extractTitle(text, 'ja')!;
    assert.match(title, /^明日の朝は東京駅の北口で会ってから一緒に新幹線.*…$/u);
    assert.ok(title.length <= 31, title);
  });

  it('cuts a word that alone is too long between characters', () => {
    assert.equal(clip('a'.repeat(70), 'en'), `${'a'.repeat(59)}…`);
    assert.equal(clip('👩‍👩‍👧‍👦'.repeat(40), 'en'), `${'👩‍👩‍👧‍👦'.repeat(29)}…`);
  });

  it('is one line of words that were said, in order, whatever was said', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.constantFrom('en', 'de', 'ja', 'zh', 'th', 'hi', null),
        (text, language) => {
          const title = extractTitle(text, language);
          if (title === null) return;
          assert.ok(title.length > 0 && !title.includes('\n'));
          const said = title.replace(/…$/u, '');
          const asSaid = said.replace(/\p{Lu}/u, (capital) => capital.toLowerCase());
          const spoken = text.replace(/\s+/gu, ' ');
          assert.ok(spoken.includes(said) || spoken.includes(asSaid), `${title} of ${text}`);
        },
      ),
    );
  });
});
