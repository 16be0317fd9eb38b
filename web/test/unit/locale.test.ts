import assert from 'node:assert/strict';
import { localeOf } from '../../src/domain/locale.ts';

describe('The locale of times', () => {
  it('is the reader’s where their language is English, and English otherwise', () => {
    assert.deepEqual(['en-US', 'en', 'en-AU', 'de-DE', 'ar', ''].map(localeOf), [
      ...['en-US', 'en', 'en-AU'],
      ...['en-GB', 'en-GB', 'en-GB'],
    ]);
  });

  it('is one that dates can be written in, whatever a browser calls its language', () => {
    assert.deepEqual(['en-US@posix', 'en_US.UTF-8', 'C', 'en-', 'en-x'].map(localeOf), [
      ...['en-US', 'en-US'],
      ...['en-GB', 'en-GB', 'en-GB'],
    ]);
  });
});
