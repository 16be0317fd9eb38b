/**
 * `npm test [-- <mocha options>]`: every test there is, with an Emulator Suite of its own. The last line sums it all up:
 * `N passed, N failed`. `--only unit`, `--only emulator`, `--only suites` or `--only web` runs one part.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say, since } from './console.ts';
import { withSuite } from './emulators/withSuite.ts';
import { main } from './main.ts';
import { OrderedOutput } from './output.ts';
import { CLIENT, FUNCTIONS, ROOT, WEB } from './paths.ts';
import { NO_CLOUD, run } from './process.ts';

/** Tests of one mocha process. */
interface Group {
  readonly title: string;
  readonly cwd: string;
  readonly config: string;
}

const PARTS = {
  /** Without a suite. */
  unit: [
    { title: 'Unit tests of the functions', cwd: FUNCTIONS, config: '.mocharc.json' },
    { title: 'Unit tests of the client', cwd: CLIENT, config: '.mocharc.json' },
    { title: 'Tests of the local tooling and the documents', cwd: path.join(ROOT, 'dev'), config: '.mocharc.json' },
    { title: 'Unit tests of the console', cwd: WEB, config: '.mocharc.json' },
  ],
  /** In projects of their own, with workers of their own: they meet nobody else in the suite. */
  suites: [{ title: 'Crashes, orders, a day', cwd: FUNCTIONS, config: '.mocharc.suites.json' }],
  emulator: [
    { title: 'Emulator and end-to-end tests of the functions', cwd: FUNCTIONS, config: '.mocharc.emulator.json' },
    { title: 'Emulator tests of the client, bad networks', cwd: CLIENT, config: '.mocharc.emulator.json' },
  ],
  web: [{ title: 'Browser tests of the console', cwd: WEB, config: '.mocharc.browser.json' }],
} as const satisfies Record<string, readonly Group[]>;
type Part = keyof typeof PARTS;

/** Of the functions, where waiting as long as production does would only make tests slow. */
const PARAMETERS = { TASK_LEASE_SECONDS: '5' };

const MOCHA = path.join(FUNCTIONS, 'node_modules/mocha/bin/mocha.js');
const REPORTER = path.join(FUNCTIONS, 'test/support/reporter.ts');

interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Names of failed tests, each with its error. */
  readonly failures: readonly string[];
}

class Runner {
  readonly #results: Counts[] = [];
  readonly #mochaOptions: readonly string[];
  readonly #output = new OrderedOutput((text) => process.stdout.write(text));

  constructor(mochaOptions: readonly string[]) {
    this.#mochaOptions = mochaOptions;
  }

  get sum(): Counts {
    const add = (key: 'passed' | 'failed'): number => this.#results.reduce((total, counts) => total + counts[key], 0);
    return {
      passed: add('passed'),
      failed: add('failed'),
      failures: this.#results.flatMap(({ failures }) => failures),
    };
  }

  /** Something went wrong that is no test. */
  fail(what: string): void {
    this.#results.push({ passed: 0, failed: 1, failures: [what] });
  }

  /** One after the other. @throws the signal's reason, if that is what ended it. */
  async run(groups: readonly Group[], env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    for (const group of groups) await this.#runGroup(group, env, signal);
  }

  async #runGroup(
    { title, cwd, config }: Group,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const began = Date.now();
    const directory = mkdtempSync(path.join(os.tmpdir(), 'offline-sync-counts-'));
    const file = path.join(directory, 'counts.json');
    const node = ['--disable-warning=ExperimentalWarning', MOCHA, '--config', path.join(cwd, config)];
    const { write, end } = this.#output.open();
    write(`• ${title}\n`);
    try {
      const code = await run(process.execPath, [...node, '--reporter', REPORTER, ...this.#mochaOptions], {
        cwd,
        env: { ...env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}), TEST_COUNTS_FILE: file },
        signal,
        onOutput: write,
      });
      const counts = readCounts(title, file, code);
      this.#results.push(counts);
      write(
        `${counts.failed === 0 ? '✓' : '✗'} ${title}: ${counts.passed} passed, ${counts.failed} failed (${since(began)}).\n`,
      );
    } finally {
      end();
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** What the reporter left. A run that ended badly without a failed test (it crashed, say) counts as one failure. */
function readCounts(title: string, file: string, code: number): Counts {
  const endedBadly = [`${title}: mocha ended with ${code} and names no test that failed`];
  try {
    const counts = JSON.parse(readFileSync(file, 'utf8')) as Counts;
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1, failures: endedBadly } : counts;
  } catch {
    return { passed: 0, failed: 1, failures: endedBadly };
  }
}

await main(async (signal) => {
  const args = process.argv.slice(2);
  const only = args[0] === '--only' ? args.splice(0, 2)[1] : undefined;
  if (only !== undefined && !(only in PARTS)) {
    say.failed(`There is no part "${only}" of the tests. There are ${Object.keys(PARTS).join(', ')}.`);
    return 1;
  }
  const parts = new Set<Part>(only === undefined ? (Object.keys(PARTS) as Part[]) : [only as Part]);
  const runner = new Runner(args);
  // Two groups at a time, since half of what tests do is waiting: these, and what is in the suite.
  const first = parts.has('unit') ? runner.run(PARTS.unit, NO_CLOUD, signal) : Promise.resolve();
  first.catch(() => undefined); // Whoever waits for it gets the reason.
  const inSuite = (['emulator', 'web', 'suites'] as const).filter((part) => parts.has(part));
  if (inSuite.length > 0) {
    const options = { ports: 'free', console: parts.has('web'), signal, parameters: PARAMETERS } as const;
    await withSuite(options, async ({ env }, stop) => {
      const lanes = [
        first.then(() => (parts.has('suites') ? runner.run(PARTS.suites, env, stop) : undefined)),
        runner.run(
          inSuite.flatMap((part): readonly Group[] => (part === 'suites' ? [] : PARTS[part])),
          env,
          stop,
        ),
      ];
      await Promise.all(lanes);
      return runner.sum.failed === 0 ? 0 : 1;
    }).catch((error: unknown) => {
      // The sum below comes last, whatever happens.
      if (signal.aborted) throw error;
      runner.fail(error instanceof Error ? error.message : String(error));
    });
  }
  await first;
  const { passed, failed, failures } = runner.sum;
  // Once more, where one looks first.
  for (const failure of failures) say.failed(failure);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
