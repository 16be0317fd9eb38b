/** Runs checks and mocha processes, shows their output in order, and adds up their counts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { since } from '../console.ts';
import { OrderedOutput } from '../output.ts';
import { FUNCTIONS, ROOT } from '../paths.ts';
import { run } from '../process.ts';
import { CHECKS, type Group } from './parts.ts';

const MOCHA = path.join(FUNCTIONS, 'node_modules/mocha/bin/mocha.js');
const REPORTER = path.join(FUNCTIONS, 'test/support/reporter.ts');

interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Names of failed tests, each with its error. */
  readonly failures: readonly string[];
}

export class Runner {
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
        const code = await run('npm', ['run', '--silent', script, ...args], {
          cwd: ROOT,
          signal,
          onOutput: write,
          givesWay: true,
        });
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
    { title, cwd, config, givesWay = false }: Group,
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
        givesWay,
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
