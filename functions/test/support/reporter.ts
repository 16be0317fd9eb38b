/** Mocha's spec reporter, which also leaves its counts in the file that TEST_COUNTS_FILE names: `npm test` sums them up. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env['TEST_COUNTS_FILE'];
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      if (file === undefined) return;
      writeFileSync(file, JSON.stringify({ passed: this.stats.passes, failed: this.stats.failures }));
    });
  }
}
