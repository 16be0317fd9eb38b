/** The network suite with a fixed seed. `npm run test:network` runs more of it. */
import assert from 'node:assert/strict';
import { lineOf, runNetworkSuite, summaryOf } from '../network/suite.ts';

const RUNS = 16;
const SEED = 7;

describe('A client on a bad network that is killed now and then', () => {
  it('sends every recording to the server once, and no more bytes than necessary', async function () {
    this.timeout(3_600_000);
    // The timing of a device's troubles depends on process ids, so they are not repeatable. The command includes them.
    const outcomes = await runNetworkSuite({ runs: RUNS, seed: SEED, lanes: 3, troubles: false });
    const failed = outcomes.filter(({ complaints }) => complaints.length > 0);
    assert.deepEqual(failed.map(lineOf), []);
    assert.equal(outcomes.length, RUNS);
    assert.ok(outcomes.some(({ kills }) => kills > 0) && outcomes.some(({ faults }) => faults.size > 0));
    console.log(`      ${summaryOf(outcomes)}`);
  });
});
