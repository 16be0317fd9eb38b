/**
 * `npm run emulators:exec -- [--env NAME[=VALUE]]… '<command>'`: the Emulator Suite up on free ports, the functions built,
 * the command run with the usual `*_EMULATOR_HOST` variables, its exit code passed on.
 *
 * `--env` sets a parameter of the functions for this run; without a value it passes on the variable of that name.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../console.ts';
import { main } from '../main.ts';
import { ROOT } from '../paths.ts';
import { startSuite } from './suite.ts';

const USAGE = "Usage: npm run emulators:exec -- [--env NAME[=VALUE]] '<command>'";

await main(async (signal) => {
  const { values, positionals } = parseArgs({
    options: { env: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  const command = positionals.join(' ');
  if (command === '') throw new Error(USAGE);
  return withSuite({ parameters: parseParameters(values.env), signal }, (env, stop) => runCommand(command, env, stop));
});

/** Runs `work` on a fresh suite and returns its exit code; whatever happens, the suite is gone afterwards. */
async function withSuite(
  options: { parameters: Record<string, string>; signal: AbortSignal },
  work: (env: Readonly<Record<string, string>>, stop: AbortSignal) => Promise<number>,
): Promise<number> {
  const deepgramApiKey = process.env['DEEPGRAM_API_KEY'];
  const suite = await startSuite({ ports: 'free', deepgramApiKey, ...options });
  const crash = new AbortController();
  void suite.crashed.then((error) => {
    crash.abort(error);
  });
  let code: number | undefined;
  try {
    code = await work(suite.env, AbortSignal.any([options.signal, crash.signal]));
    return code;
  } finally {
    await suite.stop({ keepLog: code !== 0 });
    if (code !== 0) say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), suite.logFile)}`);
  }
}

/** `sh -c`, in a group of its own so that ending it ends everything it started. */
async function runCommand(command: string, env: Readonly<Record<string, string>>, stop: AbortSignal): Promise<number> {
  stop.throwIfAborted();
  const child = spawn('sh', ['-c', command], {
    cwd: process.env['INIT_CWD'] ?? ROOT,
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, ...env },
  });
  const endGroup = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Nobody is left in it.
    }
  };
  stop.addEventListener('abort', () => {
    endGroup('SIGTERM');
    setTimeout(endGroup, 3000, 'SIGKILL').unref();
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status) => {
        resolve(status ?? 1);
      });
    });
    stop.throwIfAborted();
    return code;
  } finally {
    endGroup('SIGKILL');
  }
}

function parseParameters(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [name = '', ...rest] = assignment.split('=');
      const value = rest.length > 0 ? rest.join('=') : process.env[name];
      if (name === '' || value === undefined) throw new Error(`--env ${assignment}: there is no value. ${USAGE}`);
      return [name, value];
    }),
  );
}
