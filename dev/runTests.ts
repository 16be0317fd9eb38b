/**
 * `npm test [-- <mocha options>]`: the checks and every test, with an Emulator Suite of its own. The last line is the sum,
 * `N passed, N failed`; a check counts as one test. `--only <part>` runs one part: see {@link PARTS}.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say, since } from './console.ts';
import { startDeepgramStandIn } from './deepgram/server.ts';
import type { Suite, SuiteOptions } from './emulators/suite.ts';
import { withSuite } from './emulators/withSuite.ts';
import { prepareLocalModel } from './localModel.ts';
import { main } from './main.ts';
import { OrderedOutput } from './output.ts';
import { CLIENT, FUNCTIONS, ROOT, WEB } from './paths.ts';
import { NO_CLOUD, run } from './process.ts';

/** The tests of one mocha process. */
interface Group {
  readonly title: string;
  readonly cwd: string;
  readonly config: string;
}

/**
 * Scripts of package.json, with arguments. Tests keep every processor busy meanwhile, and further threads of the compiler only check the same
 * types again.
 */
const CHECKS = [['lint'], ['format:check'], ['typecheck', '--', '--singleThreaded'], ['depcheck']] as const;

const PARTS = {
  /** These need no suite. */
  unit: [
    { title: 'Unit tests of the functions', cwd: FUNCTIONS, config: '.mocharc.json' },
    { title: 'Unit tests of the client', cwd: CLIENT, config: '.mocharc.json' },
    { title: 'Tests of the local tooling and the documents', cwd: path.join(ROOT, 'dev'), config: '.mocharc.json' },
    { title: 'Unit tests of the console', cwd: WEB, config: '.mocharc.json' },
  ],
  /** These use separate projects, with their own workers and Deepgram stand-ins. */
  suites: [{ title: 'Crashes, orders, a day', cwd: FUNCTIONS, config: '.mocharc.suites.json' }],
  /** On the emulators, without the deployed functions. */
  worker: [{ title: 'Emulator tests of workers, sweeper and rules', cwd: FUNCTIONS, config: '.mocharc.worker.json' }],
  /** These run with the deployed functions. */
  emulator: [
    { title: 'Emulator and end-to-end tests of the functions', cwd: FUNCTIONS, config: '.mocharc.emulator.json' },
  ],
  client: [{ title: 'Emulator tests of the client, bad networks', cwd: CLIENT, config: '.mocharc.emulator.json' }],
  web: [{ title: 'Browser tests of the console', cwd: WEB, config: '.mocharc.browser.json' }],
  /** These run in each browser of the machine and need no suite. */
  engines: [{ title: 'Store and recorder in each browser', cwd: WEB, config: '.mocharc.engines.json' }],
  /** These run in a separate suite, whose functions transcribe with the local recogniser. */
  local: [{ title: 'The console hears with the local recogniser', cwd: WEB, config: '.mocharc.local.json' }],
} as const satisfies Record<string, readonly Group[]>;
type TestPart = keyof typeof PARTS;

const TEST_PARTS = Object.keys(PARTS) as TestPart[];

/**
 * The parts that run in one suite. Lanes run in parallel, because tests mostly wait. The parts of a lane run one after the
 * other, because they share one Deepgram stand-in.
 */
const LANES_IN_SUITE: readonly (readonly TestPart[])[] = [['emulator', 'client'], ['worker'], ['suites']];

/** Project of the tests that must not meet the deployed functions: no function listens to it. */
const WORKER_PROJECT = 'demo-offline-audio-sync-workers';

/**
 * Parameters of the functions: everything that is off by default is on, and waiting as long as in production would only make tests slow. A
 * lease must outlast the pauses of a busy machine.
 */
const PARAMETERS = { TASK_LEASE_SECONDS: '10', OMI_API: 'true', SHARING: 'true' };

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

  /** Counts a failure that is not of a test. */
  fail(what: string): void {
    this.#results.push({ passed: 0, failed: 1, failures: [what] });
  }

  /** Runs the checks one after the other. @throws the signal's reason, if that ended it */
  async check(signal: AbortSignal): Promise<void> {
    for (const [script, ...args] of CHECKS) {
      const began = Date.now();
      const { write, end } = this.#output.open();
      write(`• npm run ${script}\n`);
      try {
        const code = await run('npm', ['run', '--silent', script, ...args], { cwd: ROOT, signal, onOutput: write });
        if (code === 0) this.#results.push({ passed: 1, failed: 0, failures: [] });
        else this.fail(`npm run ${script} ended with ${code}; its output is above.`);
        write(`${code === 0 ? '✓' : '✗'} npm run ${script} (${since(began)}).\n`);
      } finally {
        end();
      }
    }
  }

  /** Runs groups one after the other. @throws the signal's reason, if that ended it */
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

/** Reads the reporter's result. A run that ended badly without a failed test, for example by a crash, counts as one failure. */
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
  const only = args[0] === '--only' ? (args.splice(0, 2)[1] ?? '') : null;
  if (only !== null && !TEST_PARTS.some((part) => part === only)) {
    say.failed(`There is no part "${only}" of the tests. There are ${TEST_PARTS.join(', ')}.`);
    return 1;
  }
  const groupsOf = (part: TestPart): readonly Group[] => (only === null || only === part ? PARTS[part] : []);
  const runner = new Runner(args);
  /** Counts a failed suite instead of throwing, because the last line must be the sum. @throws the signal's reason */
  const inSuite = async (
    options: SuiteOptions,
    work: (suite: Suite, stop: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    try {
      await withSuite(options, async (suite, stop) => {
        await work(suite, stop);
        return runner.sum.failed === 0 ? 0 : 1;
      });
    } catch (error) {
      if (signal.aborted) throw error;
      runner.fail(error instanceof Error ? error.message : String(error));
    }
  };
  const withoutSuite = async (): Promise<void> => {
    const [functions, ...others] = groupsOf('unit').map((group) => [group]);
    const rest = [...others.flat(), ...groupsOf('engines')];
    const restAndChecks = async (): Promise<void> => {
      await runner.run(rest, NO_CLOUD, signal);
      if (only === null) await runner.check(signal);
    };
    // The unit tests of the functions take as long as everything else here, and one group keeps only one processor busy.
    await Promise.all([runner.run(functions ?? [], NO_CLOUD, signal), restAndChecks()]);
  };
  const withConsole = async (groups: readonly Group[], options: Partial<SuiteOptions>): Promise<void> => {
    if (groups.length === 0) return;
    await inSuite({ ports: 'free', console: true, signal, ...options }, ({ env }, stop) =>
      runner.run(groups, env, stop),
    );
  };
  const withLocalRecogniser = async (mayStart: Promise<void>): Promise<void> => {
    const groups = groupsOf('local');
    await Promise.all([mayStart, groups.length > 0 ? prepareLocalModel() : undefined]);
    await withConsole(groups, { transcriber: 'local' });
  };
  const withDeepgramStandIn = async (onUp: () => void): Promise<void> => {
    const lanes = LANES_IN_SUITE.map((parts) => ({ parts, groups: parts.flatMap(groupsOf) }));
    if (lanes.every(({ groups }) => groups.length === 0)) return;
    await inSuite({ ports: 'free', parameters: PARAMETERS, signal }, async ({ env }, stop) => {
      onUp();
      const standIn = await startDeepgramStandIn({ quiet: true });
      const apart = { ...env, GCLOUD_PROJECT: WORKER_PROJECT, DEEPGRAM_STANDIN_URL: standIn.url };
      try {
        await Promise.all(
          lanes.map(({ parts, groups }) => runner.run(groups, parts.includes('worker') ? apart : env, stop)),
        );
      } finally {
        await standIn.close();
      }
    });
  };
  const inBrowser = (): Promise<void> =>
    withConsole(groupsOf('web'), { parameters: { ...PARAMETERS, KEEP_AUDIO_DAYS: '1' } });
  // Both suites run in parallel, because tests mostly wait. Only the first downloads emulators: the next waits until it has
  // started.
  let onUp: () => void = () => undefined;
  const firstIsUp = new Promise<void>((resolve) => {
    onUp = resolve;
  });
  await Promise.all([
    withDeepgramStandIn(onUp).finally(onUp),
    withoutSuite(),
    withLocalRecogniser(firstIsUp).then(inBrowser),
  ]);
  const { passed, failed, failures } = runner.sum;
  // The failures are printed again at the end, where people look for them.
  for (const failure of failures) say.failed(failure);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
