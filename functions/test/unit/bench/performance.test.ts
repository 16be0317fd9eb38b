import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performancePage } from '../../../bench/performancePage.ts';
import { ratios } from '../../../bench/ratios.ts';
import { readResults } from '../../../bench/results.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../../docs/performance.md');

describe('docs/performance.md', () => {
  it('is what the committed run of the bench makes it (npm run bench:report)', () => {
    assert.equal(readFileSync(PAGE, 'utf8'), performancePage(readResults()));
  });

  it('has ratios that follow from the figures of that run, all that are promised among them', () => {
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
