/**
 * `npm test [-- <mocha options>]`: the checks and every test, with an Emulator Suite of its own. The last line is the sum,
 * `N passed, N failed`; a check counts as one test. `--only <part>` runs one part: see `runTests/parts.ts`.
 */
import { say } from './console.ts';
import { main } from './main.ts';
import { TEST_PARTS } from './runTests/parts.ts';
import { Runner } from './runTests/runner.ts';
import { Schedule } from './runTests/schedule.ts';

await main(async (signal) => {
  const args = process.argv.slice(2);
  const only = args[0] === '--only' ? (args.splice(0, 2)[1] ?? '') : null;
  if (only !== null && !TEST_PARTS.some((part) => part === only)) {
    say.failed(`There is no part "${only}" of the tests. There are ${TEST_PARTS.join(', ')}.`);
    return 1;
  }
  const runner = new Runner(args);
  await new Schedule(runner, only, signal).run();
  const { passed, failed, failures } = runner.sum;
  // The failures are printed again at the end, where people look for them.
  for (const failure of failures) say.failed(failure);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
