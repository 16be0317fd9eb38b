/** The API report: what apps can see, committed. `npm run api` in client/ writes it anew, for a change that is meant. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { API_REPORT, makeReport } from '../../tools/api.ts';

describe('the API report', () => {
  it('is what the library has, without an any', function () {
    this.timeout(180_000);
    const committed = readFileSync(API_REPORT, 'utf8');
    assert.equal(makeReport(), committed, 'run "npm run api" in client/ if the change is meant');
    const code = committed.replace(/^\s*\/\/.*$/gm, '');
    assert.doesNotMatch(code, /\bany\b/);
    // Constants that only types are made of: the catalogues' sentences are no API, their codes are in docs/operations.md. The others are
    // what the contract makes a job's view of.
    const forgotten = [...committed.matchAll(/\(ae-forgotten-export\) The symbol "(\w+)"/g)].map(([, name]) => name);
    assert.deepEqual(forgotten, [
      'CLIENT_CATALOGUE',
      'CATALOGUE',
      'Failure_2',
      'FRAME_CODECS',
      'SnakeCase',
      'WaitingFor',
    ]);
  });
});
