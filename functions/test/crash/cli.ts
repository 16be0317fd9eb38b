/**
 * `npm run test:crash -- [--kills 40] [--seed S] [--from N] [--minutes M] [--case N]`: runs the crash suite from case N on, for so many
 * kills or minutes, or case N alone. It uses the Emulator Suite in which it runs (`npm run emulators:exec`), or starts its own. Without
 * a seed it chooses one and prints it.
 */
import { parseArgs } from 'node:util';
import { main } from '../../../dev/main.ts';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import { reportOf, runCrashSuite } from './suite.ts';
import type { CaseOutcome, SuiteOptions } from './suite.ts';

await main(async (signal) => {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '40' },
      seed: { type: 'string' },
      case: { type: 'string' },
      from: { type: 'string' },
      minutes: { type: 'string' },
      lanes: { type: 'string' },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  const only = {
    ...(values.case === undefined ? {} : { only: Number(values.case) }),
    ...(values.from === undefined ? {} : { from: Number(values.from) }),
    ...(values.minutes === undefined ? {} : { minutes: Number(values.minutes) }),
    ...(values.lanes === undefined ? {} : { lanes: Number(values.lanes) }),
  };
  const suite = () => run(seed, Number(values.kills), { ...only, signal });
  if (process.env['FIRESTORE_EMULATOR_HOST'] !== undefined) return suite();
  return withSuite({ ports: 'free', signal }, ({ env }) => {
    Object.assign(process.env, env);
    return suite();
  });
});

async function run(seed: number, kills: number, only: Partial<SuiteOptions>): Promise<number> {
  console.log(`Crash suite, seed ${seed}.`);
  const started = Date.now();
  const outcomes = await runCrashSuite({ seed, kills, ...only, onCase: print });
  const { kills: killed, freezes, boundaries, atRandom } = reportOf(outcomes);
  const failed = outcomes.filter(({ complaints }) => complaints.length > 0);
  const seconds = (Date.now() - started) / 1000;
  console.log(
    `${killed} kills and ${freezes} freezes in ${outcomes.length} cases, at ${boundaries.size} boundaries and ` +
      `${atRandom} random moments, in ${seconds.toFixed(0)} s (${(seconds / Math.max(1, killed + freezes)).toFixed(2)} s each): ` +
      `${failed.length} cases failed.`,
  );
  for (const { reproduce } of failed) console.log(`  ${reproduce}`);
  return failed.length === 0 ? 0 : 1;
}

function print({ index, summary, met, ms, complaints, reproduce }: CaseOutcome): void {
  const mark = complaints.length === 0 ? '✓' : '✗';
  console.log(`${mark} case ${index} (${(ms / 1000).toFixed(1)} s, ${met.length} hits): ${summary}`);
  for (const complaint of complaints) console.log(`    ${complaint}`);
  if (complaints.length > 0) console.log(`    ${reproduce}`);
}
