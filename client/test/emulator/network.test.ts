/** The network suite, by a fixed seed; more of it by `npm run test:network`. */
import assert from 'node:assert/strict';
import { lineOf, runNetworkSuite, summaryOf } from '../network/suite.ts';

const RUNS = 16;
const SEED = 7;

describe('a client on a bad network, killed now and then,', () => {
  it('brings every recording to the server once, and no more bytes than that takes', async function () {
    this.timeout(1_200_000);
    // The moments of a device's troubles depend on process ids, so they are not repeatable: the command has them.
    const outcomes = await runNetworkSuite({ runs: RUNS, seed: SEED, lanes: 3, troubles: false });
    const failed = outcomes.filter(({ complaints }) => complaints.length > 0);
    assert.deepEqual(failed.map(lineOf), []);
    assert.equal(outcomes.length, RUNS);
    assert.ok(outcomes.some(({ kills }) => kills > 0) && outcomes.some(({ faults }) => faults.size > 0));
    console.log(`      ${summaryOf(outcomes)}`);
  });
});
