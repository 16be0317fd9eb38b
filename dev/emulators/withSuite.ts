/** A suite for as long as some work takes. */
import path from 'node:path';
import { say } from '../console.ts';
import { startSuite } from './suite.ts';

export interface WithSuiteOptions {
  /** Parameters of the functions, over their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` on a fresh suite, on free ports, and returns the exit code that it returns. Whatever happens, the suite is
 * gone afterwards; its log stays where something went wrong. `work` gets a signal that also aborts if the suite dies.
 */
export async function withSuite(
  { parameters = {}, signal }: WithSuiteOptions,
  work: (env: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const deepgramApiKey = process.env['DEEPGRAM_API_KEY'];
  const suite = await startSuite({ ports: 'free', deepgramApiKey, parameters, signal });
  const crash = new AbortController();
  void suite.crashed.then((error) => {
    crash.abort(error);
  });
  let code: number | undefined;
  try {
    code = await work(suite.env, AbortSignal.any([signal, crash.signal]));
    return code;
  } finally {
    await suite.stop({ keepLog: code !== 0 });
    if (code !== 0) say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), suite.logFile)}`);
  }
}
