/**
 * Mocha's spec reporter, which also writes its counts and the failed tests to the file TEST_COUNTS_FILE, for the sum of `npm test`.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** The longest part of an error that is written. The output of the test has all of it. */
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
