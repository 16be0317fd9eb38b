/**
 * `npm run fuzz -- --seconds N --seed S [--only target] [--path P]`: runs the fuzz targets, each for its share of the time. A failure
 * prints its smallest input and the command that repeats it.
 */
import fc from 'fast-check';
import { ownOptions } from '../../cli/arguments.ts';
import { TARGETS } from './targets.ts';

const USAGE = `Usage: npm run fuzz -- --seconds 60 --seed 1 [--only ${TARGETS.map(({ name }) => name).join('|')}]`;

const values = ownOptions(USAGE, {
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  only: { type: 'string' },
  path: { type: 'string' },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const targets = TARGETS.filter(({ name }) => values.only === undefined || name === values.only);
if (targets.length === 0 || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error(USAGE);
  process.exit(1);
}

console.log(`seed ${String(seed)}, ${String(seconds)} s for ${String(targets.length)} targets`);
const shares = targets.reduce((sum, { share = 1 }) => sum + share, 0);
let failed = 0;
for (const { name, property, share = 1 } of targets) {
  const began = performance.now();
  const result = await fc.check(property() as fc.IAsyncProperty<unknown>, {
    seed,
    ...(values.path === undefined ? {} : { path: values.path }),
    numRuns: Number.MAX_SAFE_INTEGER,
    plugins: [fc.interruptAfterTimeLimit((seconds * 1000 * share) / shares, { failOnInterrupt: false })],
  });
  const took = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${result.failed ? '✗' : '✓'} ${name}: ${String(result.numRuns)} cases in ${took} s`);
  if (!result.failed) continue;
  failed++;
  console.log(`  input: ${fc.stringify(result.counterexample).slice(0, 4000)}`);
  if (result.errorInstance instanceof Error) console.log(`  ${result.errorInstance.stack ?? ''}`);
  const path = result.counterexamplePath ?? '';
  console.log(`  repeat: npm run fuzz -- --only ${name} --seed ${String(seed)} --path ${path} --seconds 10`);
}
process.exitCode = failed === 0 ? 0 : 1;
