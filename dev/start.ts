/**
 * `npm start`: the Emulator Suite on the ports of firebase.json, and the console with the sample recordings one click away. It
 * stays up until Ctrl-C and reloads the functions when their sources change. Settings come from `functions/.env`,
 * `functions/.env.local` and `functions/.secret.local`, as with firebase-tools itself.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { say } from './console.ts';
import { runScheduler } from './emulators/scheduler.ts';
import { withSuite } from './emulators/withSuite.ts';
import { givenKey } from './deepgramKey.ts';
import { prepareLocalModel } from './localModel.ts';
import { main } from './main.ts';
import { FUNCTIONS } from './paths.ts';

/** What it means for who speaks. */
const TRANSCRIPTION = {
  local: 'the recogniser in the functions, English; no audio leaves this machine',
  deepgram: 'Deepgram, which gets the speech',
};

await main(async (signal) => {
  const deepgramApiKey = givenKey(process.env) ?? givenKey(readEnvFile('.secret.local'));
  const parameters = { ...readEnvFile('.env'), ...readEnvFile('.env.local') };
  const transcriber = deepgramApiKey === undefined ? 'local' : 'deepgram';
  if (transcriber === 'local') await prepareLocalModel(parameters['LOCAL_MODEL']);
  const options = {
    ports: 'documented',
    ui: true,
    console: true,
    parameters,
    deepgramApiKey,
    transcriber,
    signal,
  } as const;
  return withSuite(options, async (suite, stop) => {
    const { env, logFile } = suite;
    say.note(`Transcription: ${TRANSCRIPTION[transcriber]}.`);
    say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), logFile)}`);
    suite.watch();
    say.done(`Open ${env['HOSTING_ORIGIN'] ?? ''} – sample recordings are one click away. It stays up until Ctrl-C.`);
    await runScheduler(env, stop, (error) => {
      say.failed(`A scheduled function failed: ${String(error)}`);
    });
    if (!signal.aborted) throw stop.reason; // The emulators ended by themselves.
    return 0;
  });
});

/** A dotenv file of the developer's; empty where there is none. */
function readEnvFile(name: string): Record<string, string> {
  try {
    return parseEnv(readFileSync(path.join(FUNCTIONS, name), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
