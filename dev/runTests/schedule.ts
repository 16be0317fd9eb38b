/** Decides which parts of the tests run beside each other, and gives each the suite that it needs. */
import { startDeepgramStandIn } from '../deepgram/server.ts';
import type { Suite, SuiteOptions } from '../emulators/suite.ts';
import { withSuite } from '../emulators/withSuite.ts';
import { prepareLocalModel } from '../localModel.ts';
import { NO_CLOUD } from '../process.ts';
import { LANES_IN_SUITE, PARAMETERS, PARTS, WITH_OWN_STAND_IN } from './parts.ts';
import type { Group, TestPart } from './parts.ts';
import type { Runner } from './runner.ts';

export class Schedule {
  readonly #runner: Runner;
  readonly #only: string | null;
  readonly #signal: AbortSignal;

  /** @param only the one part that runs; null for all, with the checks */
  constructor(runner: Runner, only: string | null, signal: AbortSignal) {
    this.#runner = runner;
    this.#only = only;
    this.#signal = signal;
  }

  /**
   * Runs everything. At most two suites run at the same time, for their memory: the one with the local recogniser begins when one of the
   * others has ended. Only the first suite downloads emulators: the next waits until it has started.
   * @throws the signal's reason
   */
  async run(): Promise<void> {
    let onUp: () => void = () => undefined;
    const firstIsUp = new Promise<void>((resolve) => {
      onUp = resolve;
    });
    const withStandIn = this.#withDeepgramStandIn(onUp).finally(onUp);
    const inBrowser = firstIsUp.then(() => this.#inBrowser());
    const withLocal = Promise.race([withStandIn, inBrowser]).then(() => this.#withLocalRecogniser());
    await Promise.all([withStandIn, inBrowser, withLocal, this.#withoutSuite()]);
  }

  #groupsOf(part: TestPart): readonly Group[] {
    return this.#only === null || this.#only === part ? PARTS[part] : [];
  }

  /** Runs two lanes of about the same processor time. */
  async #withoutSuite(): Promise<void> {
    const [reading, ...others] = this.#groupsOf('unit');
    const run = (groups: readonly Group[]): Promise<void> => this.#runner.run(groups, NO_CLOUD, this.#signal);
    const runOthers = async (): Promise<void> => {
      await run([...others, ...this.#groupsOf('engines')]);
      if (this.#only === null) await this.#runner.check(this.#signal);
    };
    await Promise.all([run(reading === undefined ? [] : [reading]), runOthers()]);
  }

  async #withDeepgramStandIn(onUp: () => void): Promise<void> {
    if (LANES_IN_SUITE.flat(2).every((part) => this.#groupsOf(part).length === 0)) return;
    await this.#inSuite({ parameters: PARAMETERS }, async ({ env }, stop) => {
      onUp();
      await Promise.all(
        LANES_IN_SUITE.map(async (steps) => {
          for (const parts of steps) await Promise.all(parts.map((part) => this.#runInSuite(part, env, stop)));
        }),
      );
    });
  }

  async #runInSuite(part: TestPart, env: Readonly<Record<string, string>>, stop: AbortSignal): Promise<void> {
    const groups = this.#groupsOf(part);
    if (groups.length === 0 || !WITH_OWN_STAND_IN.has(part)) {
      await this.#runner.run(groups, env, stop);
      return;
    }
    const standIn = await startDeepgramStandIn({ quiet: true });
    try {
      await this.#runner.run(groups, { ...env, DEEPGRAM_STANDIN_URL: standIn.url }, stop);
    } finally {
      await standIn.close();
    }
  }

  async #withLocalRecogniser(): Promise<void> {
    const groups = this.#groupsOf('local');
    if (groups.length === 0) return;
    await this.#counted(async () => {
      await prepareLocalModel();
      await this.#withConsole(groups, { transcriber: 'local' });
    });
  }

  async #inBrowser(): Promise<void> {
    await this.#withConsole(this.#groupsOf('web'), { parameters: { ...PARAMETERS, KEEP_AUDIO_DAYS: '1' } });
  }

  /** Runs the groups in parallel. */
  async #withConsole(groups: readonly Group[], options: Partial<SuiteOptions>): Promise<void> {
    if (groups.length === 0) return;
    await this.#inSuite({ console: true, ...options }, async ({ env }, stop) => {
      await Promise.all(groups.map((group) => this.#runner.run([group], env, stop)));
    });
  }

  /** @throws the signal's reason */
  async #inSuite(
    options: Partial<SuiteOptions>,
    work: (suite: Suite, stop: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.#counted(async () => {
      await withSuite({ ports: 'free', signal: this.#signal, ...options }, async (suite, stop) => {
        await work(suite, stop);
        return this.#runner.sum.failed === 0 ? 0 : 1;
      });
    });
  }

  /** Counts an error as a failure instead of throwing it, because the last line must be the sum. @throws the signal's reason */
  async #counted(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#runner.fail(error instanceof Error ? error.message : String(error));
    }
  }
}
