/** The API report: the public API, committed. After an intended change, `npm run api` in client/ writes it again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { API_REPORT, makeReport } from '../../tools/api.ts';

describe('The API report', () => {
  it('matches the library, and contains no `any`', function () {
    this.timeout(180_000);
    const committed = readFileSync(API_REPORT, 'utf8');
    assert.equal(makeReport(), committed, 'run "npm run api" in client/ if the change is meant');
    const code = committed.replace(/^\s*\/\/.*$/gm, '');
    assert.doesNotMatch(code, /\bany\b/);
    // Constants from which only types are derived: the sentences of the catalogues are not API, and their codes are in docs/operations.md.
    // The others are the parts of a job's view in the contract.
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
