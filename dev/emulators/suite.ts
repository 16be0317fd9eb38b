/** Starts and stops the whole Emulator Suite. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { say, since } from '../console.ts';
import { CACHE, FUNCTIONS, PROJECT_ID, ROOT } from '../paths.ts';
import { chooseBinaries, findBinarySources, prepareBinaries } from './binaries.ts';
import { buildFunctions } from './build.ts';
import { findJava, type Jdk } from './java.ts';
import { firstTakenPort, reservePorts } from './ports.ts';
import { SUITE_MARK, killSuite, killSuiteNow } from './processes.ts';
import { startStandIn } from './standIn.ts';
import {
  LISTENERS,
  createWorkspace,
  documentedPorts,
  readFirebaseConfig,
  removeAbandonedWorkspaces,
  type Listener,
  type Ports,
  type Workspace,
} from './workspace.ts';

export interface SuiteOptions {
  /** `documented`: those of firebase.json; `free`: any, so that suites run side by side. */
  readonly ports: 'documented' | 'free';
  /** Emulator UI, where it is there already or can be downloaded. */
  readonly ui?: boolean;
  /** Parameters of the functions, over their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Deepgram's key; without it the stand-in takes Deepgram's place. */
  readonly deepgramApiKey?: string | undefined;
  /** Another package than `functions/`, already built: for tests of the launcher. */
  readonly functionsSource?: string;
  readonly signal?: AbortSignal;
}

export interface Suite {
  /** What programs need to find the suite: the usual `*_EMULATOR_HOST` variables and a few of ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Settles, with the reason, only if the emulators end by themselves. */
  readonly crashed: Promise<Error>;
  /** Ends every process and removes every file of the suite; the log stays if `keepLog`. */
  stop(options: { keepLog: boolean }): Promise<void>;
}

/** Longest that a start may take, milliseconds: some seconds are usual, but the machine may be busy. */
const START_LIMIT_MS = 180_000;
/** The same when firebase-tools has to download the emulators first. */
const DOWNLOAD_LIMIT_MS = 900_000;

/**
 * Starts Auth, Functions, Firestore, Storage, Tasks, Pub/Sub, Eventarc and Hosting, and returns when the functions are loaded.
 * @throws MissingPrerequisite, or an Error whose message tells where the log is. Nothing is left running then.
 */
export async function startSuite(options: SuiteOptions): Promise<Suite> {
  const started = Date.now();
  await removeAbandonedWorkspaces();
  const jdk = findJava();
  const choices = chooseBinaries(findBinarySources());
  const binaries = prepareBinaries(choices, jdk);
  const downloads = Object.values(choices).some(({ kind }) => kind === 'download');
  if (downloads) say.doing('firebase-tools downloads emulators this first time; that takes a few minutes …');

  const cleanups: (() => Promise<void> | void)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (let next = cleanups.pop(); next !== undefined; next = cleanups.pop()) await next();
  };
  try {
    const { ports, standInPort } = await allocatePorts(options.ports, cleanups);
    const standIn = options.deepgramApiKey === undefined ? await startStandIn(standInPort) : null;
    if (standIn !== null) cleanups.push(() => standIn.close());
    const workspace = createWorkspace({
      ports,
      ui: options.ui === true && (downloads || findUi()),
      functionsSource: options.functionsSource ?? FUNCTIONS,
      parameters: { ...(standIn !== null && { DEEPGRAM_BASE_URL: standIn.url }), ...options.parameters },
      secrets: { DEEPGRAM_API_KEY: options.deepgramApiKey ?? 'stand-in' },
    });
    cleanups.push(() => {
      workspace.remove();
    });
    if (options.functionsSource === undefined) await buildFunctions(workspace.functions, options.signal);

    say.doing('Starting the Emulator Suite …');
    const logFile = newLogFile();
    const lastResort = (): void => {
      killSuiteNow(workspace.directory);
    };
    process.on('exit', lastResort);
    cleanups.push(async () => {
      await killSuite(workspace.directory);
      process.off('exit', lastResort);
    });
    const child = spawnFirebase(workspace, { ...binaries, ...javaEnvironment(jdk) });
    await untilReady(child, logFile, downloads ? DOWNLOAD_LIMIT_MS : START_LIMIT_MS, options.signal);
    await checkFunctionsLoaded(ports.functions, logFile);
    say.done(`Emulator Suite ready (${since(started)}).`);
    return {
      env: environmentFor(ports, standIn?.url),
      logFile,
      crashed: new Promise((resolve) => {
        child.once('exit', () => {
          resolve(startError('The emulators ended by themselves', logFile));
        });
      }),
      stop: async ({ keepLog }) => {
        child.removeAllListeners('exit');
        await cleanUp();
        if (!keepLog) rmSync(logFile, { force: true });
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function allocatePorts(
  kind: SuiteOptions['ports'],
  cleanups: (() => Promise<void> | void)[],
): Promise<{ ports: Ports; standInPort: number }> {
  // The stand-in's port comes from a reserved block in either case.
  const block = await reservePorts(LISTENERS.length + 1);
  cleanups.push(() => block.release());
  const standInPort = block.ports[LISTENERS.length] ?? 0;
  if (kind === 'free') {
    const ports = Object.fromEntries(LISTENERS.map((name, index) => [name, block.ports[index]])) as Record<
      Listener,
      number
    >;
    return { ports, standInPort };
  }
  const ports = documentedPorts(readFirebaseConfig());
  const taken = await firstTakenPort(Object.values(ports));
  if (taken !== null) {
    const name = LISTENERS.find((listener) => ports[listener] === taken);
    throw new Error(
      `Port ${taken} of the ${name} emulator is in use: end the program that listens there (is "npm start" up already?), or change the port in firebase.json.`,
    );
  }
  return { ports, standInPort };
}

function javaEnvironment(jdk: Jdk): Record<string, string> {
  const bin = path.join(jdk.home, 'bin');
  return { JAVA_HOME: jdk.home, PATH: [bin, process.env['PATH']].join(path.delimiter) };
}

function spawnFirebase(workspace: Workspace, environment: Record<string, string>): ChildProcess {
  const { GOOGLE_APPLICATION_CREDENTIALS: _, ...inherited } = process.env; // Real credentials have no business here.
  const firebase = path.join(ROOT, 'node_modules/firebase-tools/lib/bin/firebase.js');
  const args = ['emulators:start', '--project', PROJECT_ID, '--config', workspace.config, '--non-interactive'];
  const fastAuth = path.join(import.meta.dirname, 'fastAuth.cjs');
  return spawn(process.execPath, ['--require', fastAuth, firebase, ...args], {
    cwd: workspace.directory, // firebase-tools writes its debug logs here.
    detached: true, // Ctrl-C reaches only us: we end things in our order.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      ...environment,
      [SUITE_MARK]: workspace.directory,
      TMPDIR: workspace.temporary, // Also keeps the Storage emulators of two suites apart: they share a fixed name in it.
      XDG_CONFIG_HOME: workspace.directory, // No login and no settings of the developer's.
      NO_UPDATE_NOTIFIER: '1',
      NO_COLOR: '1',
    },
  });
}

/** Resolves when firebase-tools says that everything is up, which is after it has loaded the functions. */
function untilReady(
  child: ChildProcess,
  logFile: string,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const log = createWriteStream(logFile);
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      log.end(() => {
        reject(error);
      });
    };
    const timer = setTimeout(() => {
      fail(startError(`The emulators did not start within ${limitMs / 1000} s`, logFile));
    }, limitMs);
    const abort = (): void => {
      fail(signal?.reason instanceof Error ? signal.reason : new Error('Interrupted.'));
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const onExit = (): void => {
      fail(startError('The emulators did not start', logFile));
    };
    child.once('exit', onExit);
    child.once('error', fail);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        const seconds = ((Date.now() - started) / 1000).toFixed(3).padStart(8);
        if (!log.writableEnded) log.write(`${seconds}  ${stripVTControlCharacters(line)}\n`);
        if (!line.includes('All emulators ready')) return;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        child.off('exit', onExit);
        resolve();
      });
    }
  });
}

/** firebase-tools goes on without the functions when their code does not load: that is an error here. */
async function checkFunctionsLoaded(port: number, logFile: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/backends`);
  const { backends } = (await response.json()) as { backends: { functionTriggers: unknown[] }[] };
  if (backends.some(({ functionTriggers }) => functionTriggers.length > 0)) return;
  throw startError('The functions could not be loaded', logFile);
}

function environmentFor(ports: Ports, standInUrl: string | undefined): Record<string, string> {
  const host = (name: Listener): string => `127.0.0.1:${ports[name]}`;
  return {
    GCLOUD_PROJECT: PROJECT_ID,
    FIREBASE_CONFIG: JSON.stringify({ projectId: PROJECT_ID, storageBucket: `${PROJECT_ID}.appspot.com` }),
    FIREBASE_EMULATOR_HUB: host('hub'),
    FIREBASE_AUTH_EMULATOR_HOST: host('auth'),
    FIRESTORE_EMULATOR_HOST: host('firestore'),
    FIREBASE_STORAGE_EMULATOR_HOST: host('storage'),
    STORAGE_EMULATOR_HOST: `http://${host('storage')}`,
    CLOUD_TASKS_EMULATOR_HOST: host('tasks'),
    PUBSUB_EMULATOR_HOST: host('pubsub'),
    FUNCTIONS_EMULATOR_ORIGIN: `http://${host('functions')}`,
    HOSTING_ORIGIN: `http://${host('hosting')}`,
    ...(standInUrl !== undefined && { DEEPGRAM_STANDIN_URL: standInUrl }),
  };
}

/** The Emulator UI is optional: no start waits for its download offline. */
function findUi(): boolean {
  return false;
}

const KEPT_LOGS = 10;

function newLogFile(): string {
  const directory = path.join(CACHE, 'emulators', 'logs');
  mkdirSync(directory, { recursive: true });
  const old = readdirSync(directory).sort().slice(0, -KEPT_LOGS);
  for (const name of old) rmSync(path.join(directory, name), { force: true });
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  return path.join(directory, `${time}-${process.pid}.log`);
}

function startError(what: string, logFile: string): Error {
  return new Error(
    `${what}; the log is ${path.relative(process.cwd(), logFile)} and ends with:\n${relevantLines(logFile)}`,
  );
}

/** The last lines of a log that say something. */
function relevantLines(logFile: string, count = 12): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const noise = /^\s*$|update check|motd|Shutting down|^i\s+\w+: Stopping/i;
  return lines
    .filter((line) => !noise.test(line))
    .slice(-count)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n');
}
