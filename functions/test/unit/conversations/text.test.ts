import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinText } from 'offline-audio-sync-contract';
import { countWords, localeOf } from '../../../src/conversations/text.ts';

describe('text', () => {
  it('has spaces between words where the script has them', () => {
    assert.equal(joinText(['See', 'you', 'tomorrow.']), 'See you tomorrow.');
    assert.equal(joinText(['안녕하세요', '여러분']), '안녕하세요 여러분');
    assert.equal(joinText(['यह', 'अच्छा', 'है।']), 'यह अच्छा है।');
  });

  it('has none in Japanese, Chinese and Thai', () => {
    assert.equal(joinText(['今日', 'は', 'いい', '天気', 'です', '。']), '今日はいい天気です。');
    assert.equal(joinText(['我们', '明天', '见', '。']), '我们明天见。');
    assert.equal(joinText(['สวัสดี', 'ครับ']), 'สวัสดีครับ');
    assert.equal(joinText(['コーヒー', 'を', 'ください']), 'コーヒーをください');
  });

  it('has spaces around a foreign word', () => {
    assert.equal(joinText(['今日', 'は', 'Zoom', 'です']), '今日は Zoom です');
  });

  it('of alphabetic words is joined with spaces', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[A-Za-zÀ-ÿА-я0-9',.]{1,8}$/u)), (words) => {
        assert.equal(joinText(words), words.join(' '));
      }),
    );
  });

  it('is joined in time that grows with its length: days of talk without a full stop do not hang', () => {
    assert.equal(joinText(Array<string>(400_000).fill('word')).length, 5 * 400_000 - 1);
  });

  it('has its words counted in every script', () => {
    assert.equal(countWords('See you tomorrow, then.', 'en'), 4);
    assert.equal(countWords('今日はいい天気です。', 'ja'), 5);
  });

  it('with an invalid language is treated like text without one', () => {
    assert.equal(localeOf('pt-BR'), 'pt-BR');
    assert.equal(localeOf(null), undefined);
    assert.equal(localeOf('not a tag'), undefined);
  });
});
