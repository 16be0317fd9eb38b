/**
 * Serves every function that can be called from outside in a separate process, with the server of a deployment, for settings that the
 * running suite does not have. Firestore, Storage, Auth and Tasks are those of the suite.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface EntryPoints {
  /** Origin of each function, by name. */
  readonly urls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * @param parameters of the functions, where they differ from the defaults.
 * @param appCheckKeys the keys that Firebase would publish for App Check.
 */
export async function startEntryPoints(
  parameters: Readonly<Record<string, string>>,
  appCheckKeys: object,
): Promise<EntryPoints> {
  const child = fork(fileURLToPath(new URL('entryPointsMain.ts', import.meta.url)), {
    env: { ...process.env, ...parameters, APP_CHECK_KEYS: JSON.stringify(appCheckKeys) },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // Its logs tell of every token that it refuses.
  });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`The functions ended with ${String(code)} before they listened.`);
  });
  const [urls] = (await Promise.race([once(child, 'message'), died])) as [Record<string, string>];
  return {
    urls,
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
