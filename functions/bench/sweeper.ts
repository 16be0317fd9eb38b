/**
 * The sweeper at scale: `npm run bench:sweeper [-- <jobs> <objects>]`, 10,000 and 20,000 by default. There are equally many
 * jobs of every kind that it handles. The bench checks what became of each, and reports reads, writes and time of every step.
 */
import { assertSwept, populate, sweepAll } from '../test/support/sweepScale.ts';
import { SweepWorld } from '../test/support/sweepWorld.ts';

const [jobs = 10_000, objects = 20_000] = process.argv.slice(2).map(Number);
const world = new SweepWorld();

/** Runs part of the bench, and says how long it took. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

await timed(`Writing ${jobs} jobs and ${objects} objects`, () => populate(world, { jobs, objects }));
world.startClock();
const { runs } = await sweepAll(world);
for (const [i, { reports, ms, count }] of runs.entries()) {
  console.log(
    `\nRun ${i + 1}: ${(ms / 1000).toFixed(1)} s, ${count.reads} reads, ${count.writes} writes, ${count.deletes} deletes`,
  );
  console.table(
    reports.map(({ step, seen, done, failed, more, ms: stepMs }) => ({ step, seen, done, failed, more, ms: stepMs })),
  );
}
await timed('\nChecking every job and object', () => assertSwept(world, { jobs, objects }));
const idle = (await sweepAll(world)).runs[0];
console.log(
  `A run with nothing new to do: ${idle?.ms.toFixed(0)} ms, ${idle?.count.reads} reads, ${idle?.count.writes} writes`,
);
await world.close();
