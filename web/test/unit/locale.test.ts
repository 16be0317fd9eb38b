import assert from 'node:assert/strict';
import { localeOf } from '../../src/domain/locale.ts';

describe('The locale of times', () => {
  it('is the reader’s if their language is English, and otherwise British English', () => {
    assert.deepEqual(['en-US', 'en', 'en-AU', 'de-DE', 'ar', ''].map(localeOf), [
      ...['en-US', 'en', 'en-AU'],
      ...['en-GB', 'en-GB', 'en-GB'],
    ]);
  });

  it('can be used to format dates, whatever value the browser gives', () => {
    assert.deepEqual(['en-US@posix', 'en_US.UTF-8', 'C', 'en-', 'en-x'].map(localeOf), [
      ...['en-US', 'en-US'],
      ...['en-GB', 'en-GB', 'en-GB'],
    ]);
  });
});
