import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performancePage } from '../../../bench/performancePage.ts';
import { ratios } from '../../../bench/ratios.ts';
import { readResults } from '../../../bench/results.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../../docs/performance.md');

describe('docs/performance.md', () => {
  it('is the report of the committed run of the bench (npm run bench:report)', () => {
    assert.equal(readFileSync(PAGE, 'utf8'), performancePage(readResults()));
  });

  it('has all promised ratios, as computed from the figures of that run', () => {
    const results = readResults();
    assert.deepEqual(results.ratios, ratios(results.figures));
    const promised =
      'vsLimitOneCore twoCoresOverOne vsVadNode vsOneStream billedOverSpeech vadAgreement peakMb24h'.split(' ');
    assert.deepEqual(
      promised.filter((name) => !Number.isFinite(results.ratios[name])),
      [],
    );
  });
});
