/**
 * `npm start [-- --host]`: the Emulator Suite on the ports of firebase.json, and the console with the sample recordings one click away. It
 * stays up until Ctrl-C and reloads the functions when their sources change. Settings come from `functions/.env`,
 * `functions/.env.local` and `functions/.secret.local`, as with firebase-tools itself. With `--host` other devices of the network, such
 * as phones, reach it.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { say } from './console.ts';
import { runScheduler } from './emulators/scheduler.ts';
import { withSuite } from './emulators/withSuite.ts';
import { givenKey } from './deepgramKey.ts';
import { prepareLocalModel } from './localModel.ts';
import { ANY_HOST, LOOPBACK } from './emulators/workspace.ts';
import { main } from './main.ts';
import { FUNCTIONS } from './paths.ts';
import { SHOWN } from './shown.ts';

/** What each transcriber means for the numbering of speakers. */
const TRANSCRIPTION = {
  local: 'the recogniser in the functions, English; no audio leaves this machine',
  deepgram: 'Deepgram, which gets the speech',
};

await main(async (signal) => {
  const { values } = parseArgs({ options: { host: { type: 'boolean', default: false } } });
  const deepgramApiKey = givenKey(process.env) ?? givenKey(readEnvFile('.secret.local'));
  const parameters: Record<string, string> = { ...SHOWN, ...readEnvFile('.env'), ...readEnvFile('.env.local') };
  const transcriber = deepgramApiKey === undefined ? 'local' : 'deepgram';
  if (transcriber === 'local') await prepareLocalModel(parameters['LOCAL_MODEL']);
  const options = {
    ports: 'documented',
    ui: true,
    console: true,
    parameters,
    deepgramApiKey,
    transcriber,
    host: values.host ? ANY_HOST : LOOPBACK,
    signal,
  } as const;
  return withSuite(options, async (suite, stop) => {
    const { env, logFile } = suite;
    say.note(`Transcription: ${TRANSCRIPTION[transcriber]}.`);
    say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), logFile)}`);
    if (values.host) tellPhones(env);
    suite.watch();
    say.done(`Open ${env['HOSTING_ORIGIN'] ?? ''} – sample recordings are one click away. It stays up until Ctrl-C.`);
    await runScheduler(env, stop, (error) => {
      say.failed(`A scheduled function failed: ${String(error)}`);
    });
    if (!signal.aborted) throw stop.reason; // the emulators ended by themselves
    return 0;
  });
});

/** Prints the addresses at which apps on other devices reach the suite: one for each network of this machine. */
function tellPhones(env: Readonly<Record<string, string>>): void {
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) =>
    list.flatMap(({ address, family, internal }) => (family === 'IPv4' && !internal ? [address] : [])),
  );
  const port = (address: string | undefined): string => address?.split(':').at(-1) ?? '';
  const ports = [
    `HTTP ${port(env['HOSTING_ORIGIN'])}`,
    `functions ${port(env['FUNCTIONS_EMULATOR_ORIGIN'])}`,
    `auth ${port(env['FIREBASE_AUTH_EMULATOR_HOST'])}`,
    `firestore ${port(env['FIRESTORE_EMULATOR_HOST'])}`,
    `storage ${port(env['FIREBASE_STORAGE_EMULATOR_HOST'])}`,
  ].join(', ');
  say.note(`Everybody in your network reaches the suite, without a password. Ports: ${ports}.`);
  for (const address of addresses) say.note(`For phones: http://${address}:${port(env['HOSTING_ORIGIN'])}`);
}

/** Reads a dotenv file of the developer; empty if there is none. */
function readEnvFile(name: string): Record<string, string> {
  try {
    return parseEnv(readFileSync(path.join(FUNCTIONS, name), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
