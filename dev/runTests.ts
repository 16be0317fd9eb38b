/**
 * `npm test [-- <mocha options>]`: unit tests, then emulator and end-to-end tests on one suite of their own. The last line sums
 * it all up: `N passed, N failed`. `--only unit`, `--only emulator` or `--only web` runs one part. `--full` comes first where
 * it is given: random cases at their full size, browser tests and what else takes longer than a change should wait.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say } from './console.ts';
import { withSuite } from './emulators/withSuite.ts';
import { main } from './main.ts';
import { CLIENT, FUNCTIONS, ROOT, WEB } from './paths.ts';
import { run } from './process.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Of the functions, where waiting as long as production does would only make tests slow. */
const PARAMETERS = { TASK_LEASE_SECONDS: '5' };

/** Take minutes: with `--full` alone. */
const LONG = ['test/emulator/assignmentCost.test.ts', 'test/emulator/network.test.ts'];

const MOCHA = path.join(FUNCTIONS, 'node_modules/mocha/bin/mocha.js');
const REPORTER = path.join(FUNCTIONS, 'test/support/reporter.ts');

await main(async (signal) => {
  const args = process.argv.slice(2);
  const isFull = args[0] === '--full' && args.shift() !== undefined;
  const only = args[0] === '--only' ? args.splice(0, 2)[1] : undefined;
  const ignored = isFull ? [] : LONG.flatMap((file) => ['--ignore', file]);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'offline-sync-counts-'));
  const results: Counts[] = [];
  const mocha = async (
    cwd: string,
    config: string,
    env: Readonly<Record<string, string>>,
    stop: AbortSignal,
  ): Promise<number> => {
    const file = path.join(directory, `${results.length}.json`);
    const node = ['--disable-warning=ExperimentalWarning', MOCHA, '--config', path.join(cwd, config)];
    const code = await run(process.execPath, [...node, '--reporter', REPORTER, ...ignored, ...args], {
      cwd,
      env: { ...env, TEST_COUNTS_FILE: file, TEST_SIZE: isFull ? 'full' : 'quick' },
      signal: stop,
    });
    results.push(readCounts(file, code));
    return code;
  };
  try {
    if (only === undefined || only === 'unit') {
      say.doing('Unit tests of the functions');
      await mocha(FUNCTIONS, '.mocharc.json', {}, signal);
      say.doing('Unit tests of the client');
      await mocha(CLIENT, '.mocharc.json', {}, signal);
      say.doing('Unit tests of the local tooling');
      await mocha(path.join(ROOT, 'dev'), '.mocharc.json', {}, signal);
      say.doing('Unit tests of the console');
      await mocha(WEB, '.mocharc.json', {}, signal);
    }
    if (only !== 'unit') {
      const browser = isFull || only === 'web';
      // Never with a real key: tests cost nothing and depend on nobody.
      const options = { ports: 'free', console: browser, signal, parameters: PARAMETERS } as const;
      await withSuite(options, async ({ env }, stop) => {
        const codes: number[] = [];
        if (only !== 'web') {
          say.doing('Emulator and end-to-end tests');
          codes.push(await mocha(FUNCTIONS, '.mocharc.emulator.json', env, stop));
          codes.push(await mocha(CLIENT, '.mocharc.emulator.json', env, stop));
        }
        if (browser) {
          say.doing('Browser tests of the console');
          codes.push(await mocha(WEB, '.mocharc.browser.json', env, stop));
        }
        return Math.max(...codes);
      }).catch((error: unknown) => {
        // The sum below comes last, whatever happens.
        if (signal.aborted) throw error;
        say.failed(error instanceof Error ? error.message : String(error));
        results.push({ passed: 0, failed: 1 });
      });
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const sum = (key: keyof Counts): number => results.reduce((total, counts) => total + counts[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 ? 0 : 1;
});

/** What the reporter left. A run that ended badly without a failed test (it crashed, say) counts as one failure. */
function readCounts(file: string, code: number): Counts {
  try {
    const counts = JSON.parse(readFileSync(file, 'utf8')) as Counts;
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch {
    return { passed: 0, failed: 1 };
  }
}
