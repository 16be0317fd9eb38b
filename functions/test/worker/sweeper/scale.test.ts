import assert from 'node:assert/strict';
import { assertSwept, populate, sweepAll } from '../../support/sweepScale.ts';
import { SweepWorld } from '../../support/sweepWorld.ts';

/** `npm run bench:sweeper` does the same with 10,000 jobs and 20,000 objects. */
const POPULATION = { jobs: 320, objects: 640 };

describe('The sweep of many jobs and objects', () => {
  it('does all that is to be done in one run, with a few reads and writes for each job', async () => {
    const world = new SweepWorld();
    try {
      await populate(world, POPULATION);
      const { runs } = await sweepAll(world);
      await assertSwept(world, POPULATION);
      assert.equal(runs.length, 1);
      const { reads, writes, deletes } = runs[0]!.count;
      assert.ok(reads <= 5 * POPULATION.jobs, `${reads} reads`);
      assert.ok(writes + deletes <= 2 * POPULATION.jobs, `${writes} writes, ${deletes} deletes`);
      const again = await sweepAll(world);
      assert.ok(
        again.runs[0]!.count.writes <= 1,
        'there is nothing left to write, but where a pass over the objects began',
      );
    } finally {
      await world.close();
    }
  });
});
