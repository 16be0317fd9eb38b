/** A suite for as long as some work takes. */
import path from 'node:path';
import { say } from '../console.ts';
import { startSuite, type Suite, type SuiteOptions } from './suite.ts';

/**
 * Runs `work` on a fresh suite and returns its exit code. The suite is always stopped and deleted; its log is kept if something went
 * wrong. `work` gets a signal that also aborts if the suite ends by itself.
 */
export async function withSuite(
  options: SuiteOptions,
  work: (suite: Suite, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const suite = await startSuite(options);
  const crash = new AbortController();
  void suite.crashed.then((error) => {
    crash.abort(error);
  });
  let code: number | undefined;
  try {
    code = await work(suite, AbortSignal.any([options.signal, crash.signal]));
    return code;
  } finally {
    const failed = code !== 0 && !options.signal.aborted;
    await suite.stop({ keepLog: failed });
    if (failed) say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), suite.logFile)}`);
  }
}
