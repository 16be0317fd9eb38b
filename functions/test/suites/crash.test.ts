/** The crash suite with a fixed seed. `npm run test:crash -- --kills 500 --seed 7` runs more of it. */
import assert from 'node:assert/strict';
import { MOMENTS, TASK_STEPS, UPLOAD_STEPS } from '../crash/boundaries.ts';
import { reportOf, runCrashSuite } from '../crash/suite.ts';

const SEED = 20_260_301;
/** Each boundary once, the workers that must die before some of them, and one more kill. */
const KILLS = 2 * (TASK_STEPS.length + UPLOAD_STEPS.length) + 3;

describe('crashes', () => {
  it('lose nothing, double nothing and leave nothing stuck, wherever they hit', async function () {
    const outcomes = await runCrashSuite({ seed: SEED, kills: KILLS, onCase: () => undefined });
    assert.deepEqual(
      outcomes.flatMap(({ complaints, reproduce }) => complaints.map((complaint) => `${complaint} (${reproduce})`)),
      [],
    );
    const { kills, freezes, boundaries } = reportOf(outcomes);
    assert.ok(kills >= KILLS, `only ${kills} workers were killed`);
    assert.ok(freezes > 0, 'no worker was overtaken');
    const missed = [...TASK_STEPS, ...UPLOAD_STEPS].flatMap((step) =>
      MOMENTS.map((moment) => `kill ${moment} "${step}"`).filter((boundary) => !boundaries.has(boundary)),
    );
    assert.deepEqual(missed, [], 'every boundary is met');
  });
});
