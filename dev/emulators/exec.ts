/**
 * `npm run emulators:exec -- [--console] [--env NAME[=VALUE]]… '<command>'`: starts the Emulator Suite on free ports with the
 * functions built, runs the command with the usual `*_EMULATOR_HOST` variables, and exits with its code. `--console` also
 * builds the console, which Hosting serves. `--env` sets a parameter of the functions for this run; without a value it passes
 * on the variable of that name.
 */
import { parseArgs } from 'node:util';
import { givenKey } from '../deepgramKey.ts';
import { main } from '../main.ts';
import { ROOT } from '../paths.ts';
import { run } from '../process.ts';
import { withSuite } from './withSuite.ts';

const USAGE = "Usage: npm run emulators:exec -- [--console] [--env NAME[=VALUE]] '<command>'";

await main(async (signal) => {
  const { values, positionals } = parseArgs({
    options: { console: { type: 'boolean' }, env: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  const command = positionals.join(' ');
  if (command === '') throw new Error(USAGE);
  const cwd = process.env['INIT_CWD'] ?? ROOT; // the directory in which npm was called
  const options = { ports: 'free', deepgramApiKey: givenKey(process.env), signal } as const;
  return withSuite(
    { ...options, console: values.console ?? false, parameters: parseParameters(values.env) },
    ({ env }, stop) => run('sh', ['-c', command], { cwd, env, signal: stop }),
  );
});

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
