/**
 * `npm run test:network -- [--runs 30] [--from 0] [--seed S] [--run N] [--lanes 2]`: runs the client on a bad network and kills it now and
 * then. It starts its own Emulator Suite, or uses the one in which it runs (`npm run emulators:exec`). Without a seed it chooses one. Many
 * runs of one seed can be done in parts: `--from` is the index of the first.
 */
import { parseArgs } from 'node:util';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import { main } from '../../../dev/main.ts';

await main(async (signal) => {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '30' },
      from: { type: 'string', default: '0' },
      seed: { type: 'string' },
      run: { type: 'string' },
      lanes: { type: 'string', default: '2' },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  const only = values.run === undefined ? {} : { only: Number(values.run) };
  const suite = () =>
    runAll({
      runs: Number(values.runs),
      from: Number(values.from),
      seed,
      lanes: Number(values.lanes),
      ...only,
      signal,
    });
  if (process.env['FIRESTORE_EMULATOR_HOST'] !== undefined) return suite();
  return withSuite({ ports: 'free', signal, parameters: { TASK_LEASE_SECONDS: '5' } }, ({ env }) => {
    Object.assign(process.env, env);
    return suite();
  });
});

async function runAll(options: {
  runs: number;
  from: number;
  seed: number;
  lanes: number;
  only?: number;
  signal: AbortSignal;
}): Promise<number> {
  // This module reads the suite's address when it is loaded.
  const { lineOf, runNetworkSuite, summaryOf } = await import('./suite.ts');
  console.log(`Network suite, seed ${options.seed}.`);
  const started = Date.now();
  const outcomes = await runNetworkSuite({
    ...options,
    onRun: (outcome) => {
      console.log(lineOf(outcome));
    },
  });
  console.log(`${summaryOf(outcomes)} ${((Date.now() - started) / 1000).toFixed(0)} s.`);
  return outcomes.some(({ complaints }) => complaints.length > 0) ? 1 : 0;
}
