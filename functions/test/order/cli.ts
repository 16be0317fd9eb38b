/** `npm run test:order -- [--cases N] [--seed S] [--path P] [--disturbed]`, inside a running Emulator Suite. */
import { parseArgs } from 'node:util';
import { runSuite } from './suite.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '300' },
    seed: { type: 'string' },
    path: { type: 'string' },
    disturbed: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
const cases = Number(values.cases);
const kind = values.disturbed ? ' with deletions, targets and dying workers' : '';
console.log(`${cases} cases${kind}, seed ${seed}`);
const startedMs = performance.now();
let done = 0;
const onCase = (): void => {
  done += 1;
  if (done % Number(process.env['EVERY'] ?? 50) === 0)
    console.log(`${done} cases, ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
};
try {
  await runSuite({
    cases,
    seed,
    disturbed: values.disturbed,
    onCase,
    ...(values.path === undefined ? {} : { path: values.path }),
  });
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`All as the reference says, in ${seconds.toFixed(0)} s (${(seconds / cases).toFixed(2)} s a case).`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
