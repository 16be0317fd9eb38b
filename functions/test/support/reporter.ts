/**
 * Mocha's spec reporter, which also leaves its counts, and what failed, in the file that TEST_COUNTS_FILE names: `npm test` sums
 * them up.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** Of an error, so much that one sees what it is. Whole, it is among the test's own output. */
const LONGEST_ERROR_LINES = 25;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env['TEST_COUNTS_FILE'];
    const failures: string[] = [];
    const { EVENT_TEST_FAIL, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_FAIL, (test: Mocha.Runnable, error: unknown) => {
      failures.push(`${test.titlePath().join(' › ')}\n${indented(error)}`);
    });
    runner.once(EVENT_RUN_END, () => {
      if (file === undefined) return;
      writeFileSync(file, JSON.stringify({ passed: this.stats.passes, failed: this.stats.failures, failures }));
    });
  }
}

function indented(error: unknown): string {
  const lines = (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
  return lines
    .slice(0, LONGEST_ERROR_LINES)
    .map((line) => `    ${line}`)
    .join('\n');
}
