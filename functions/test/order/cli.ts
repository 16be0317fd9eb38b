/**
 * `npm run test:order -- [--cases 300] [--seed S] [--path P] [--disturbed]`: runs the order suite alone. It uses the Emulator Suite in
 * which it runs (`npm run emulators:exec`), or starts its own. Without a seed it chooses one and prints it. A counter-example is printed
 * with the seed and path that repeat it.
 */
import { parseArgs } from 'node:util';
import { main } from '../../../dev/main.ts';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import type { SuiteOptions } from './suite.ts';

/** Cases between two lines about the progress. */
const SAY_EVERY = 50;

await main(async (signal) => {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '300' },
      seed: { type: 'string' },
      path: { type: 'string' },
      disturbed: { type: 'boolean', default: false },
    },
  });
  const options: SuiteOptions = {
    cases: Number(values.cases),
    seed: Number(values.seed ?? Math.floor(Math.random() * 1e9)),
    disturbed: values.disturbed,
    signal,
    ...(values.path === undefined ? {} : { path: values.path }),
  };
  if (process.env['FIRESTORE_EMULATOR_HOST'] !== undefined) return run(options);
  return withSuite({ ports: 'free', signal }, ({ env }) => {
    Object.assign(process.env, env);
    return run(options);
  });
});

async function run(options: SuiteOptions): Promise<number> {
  // The module looks for the emulators when it is loaded.
  const { runSuite } = await import('./suite.ts');
  const kind = options.disturbed ? ' with edits, deletions, targets, cancels, refusals and dying workers' : '';
  console.log(`${options.cases} cases${kind}, seed ${options.seed}`);
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  let done = 0;
  const onCase = (): void => {
    done += 1;
    if (done % SAY_EVERY === 0) console.log(`${done} cases, ${elapsed().toFixed(0)} s`);
  };
  try {
    await runSuite({ ...options, onCase });
    console.log(
      `All ${done} as the reference says, in ${elapsed().toFixed(0)} s (${(elapsed() / done).toFixed(2)} s each).`,
    );
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
