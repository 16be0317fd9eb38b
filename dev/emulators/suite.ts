/** Starts and stops the whole Emulator Suite. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { say, since } from '../console.ts';
import { startDeepgramStandIn } from '../deepgram/server.ts';
import { FUNCTIONS, PROJECT_ID } from '../paths.ts';
import { NO_CLOUD } from '../process.ts';
import { OLDEST_JAVA, findJava, type Java } from '../setup/java.mjs';
import { buildFunctions, watchFunctions } from './build.ts';
import { chooseEmulatorPrograms, findDownloads } from './downloads.ts';
import { spawnFirebase, untilReady } from './firebaseTools.ts';
import { buildConsole } from './console.ts';
import { errorWithLog, newLogFile } from './logs.ts';
import { watchListeners } from './liveness.ts';
import { isTaken, reservePorts } from './ports.ts';
import { SUITE_MARK, killSuite, killSuiteNow } from './processes.ts';
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
  /** `documented`: those of firebase.json, if they are free. `free`: any free ports, so that suites can run side by side. */
  readonly ports: 'documented' | 'free';
  /** Whether the Emulator UI starts, if it has been downloaded or can be. */
  readonly ui?: boolean;
  /** Whether the console is built and served by Hosting; without it, Hosting has only the HTTP interface. */
  readonly console?: boolean;
  /** Parameters of the functions that replace their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The Deepgram key. Without it, the stand-in replaces Deepgram, unless `transcriber` is `local`. */
  readonly deepgramApiKey?: string | undefined;
  /** `local`: the recogniser in the functions themselves. */
  readonly transcriber?: 'deepgram' | 'local';
  /** The `host` of `WorkspaceOptions`. */
  readonly host?: string;
  readonly signal: AbortSignal;
}

export interface Suite {
  /**
   * The environment variables by which programs find the suite: the usual `*_EMULATOR_HOST` variables, and a few of this
   * project.
   */
  readonly env: Readonly<Record<string, string>>;
  /** The log of the emulators and the functions. */
  readonly logFile: string;
  /** The address of the Emulator UI; null if it is not running. */
  readonly uiUrl: string | null;
  /** Begins to rebuild the functions whenever their sources change, so that the emulator reloads them. */
  watch(): void;
  /** Resolves, with the reason, only if the emulators, or one of them, end by themselves. */
  readonly crashed: Promise<Error>;
  /** Ends every process and removes every file of the suite; the log stays if `keepLog`. */
  stop(options: { keepLog: boolean }): Promise<void>;
}

/** The time limit of a start, milliseconds. Some seconds are usual; a busy machine takes longer. */
const START_LIMIT_MS = 300_000;
/** The same limit if firebase-tools has to download the emulators first. */
const DOWNLOAD_LIMIT_MS = 900_000;

/** Undoes the steps of the start, in reverse order. */
type Cleanups = (() => Promise<void> | void)[];

/**
 * Starts Auth, Functions, Firestore, Storage, Tasks, Eventarc and Hosting, and returns when the functions are loaded.
 * @throws Error that quotes the log, or the signal's reason. Nothing is left running then.
 */
export async function startSuite(options: SuiteOptions): Promise<Suite> {
  const started = Date.now();
  const cleanups: Cleanups = [];
  const cleanUp = async (): Promise<void> => {
    for (let next = cleanups.pop(); next !== undefined; next = cleanups.pop()) await next();
  };
  try {
    const suite = await assemble(options, cleanups);
    say.done(`Emulator Suite ready (${since(started)}).`);
    return {
      ...suite,
      stop: async ({ keepLog }) => {
        await cleanUp();
        if (!keepLog) rmSync(suite.logFile, { force: true });
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function assemble(options: SuiteOptions, cleanups: Cleanups): Promise<Omit<Suite, 'stop'>> {
  await removeAbandonedWorkspaces();
  const java = findJava();
  if (java === null) throw new Error(`The emulators need Java ${OLDEST_JAVA} or newer: "npm start" brings one.`);
  const found = findDownloads();
  const programs = await chooseEmulatorPrograms(found);
  const ui = options.ui === true && (found.ui || programs.downloads);
  const { ports, standIn, workspace } = await prepareWorkspace(options, ui, cleanups);
  say.doing(
    programs.downloads
      ? 'Downloading and starting the Emulator Suite; the first time takes minutes …'
      : 'Starting the Emulator Suite …',
  );
  const logFile = newLogFile();
  const { child, ended } = launch(workspace, logFile, java, programs.env, cleanups);
  const limitMs = programs.downloads ? DOWNLOAD_LIMIT_MS : START_LIMIT_MS;
  await untilReady(child, { logFile, functionsPort: ports.functions, limitMs, signal: options.signal });
  // firebase-tools continues without an emulator that has died, and only its log says so.
  const died = new Promise<Error>((resolve) => {
    cleanups.push(
      watchListeners(listenersOf(ports), (name) => {
        resolve(errorWithLog(`The ${name} emulator ended by itself: start again`, logFile));
      }),
    );
  });
  return {
    env: {
      ...environmentFor(ports, standIn?.url),
      FUNCTIONS_BUILD: path.join(workspace.functions, 'lib'),
      [SUITE_MARK]: workspace.directory,
    },
    logFile,
    uiUrl: ui ? `http://127.0.0.1:${ports.ui}` : null,
    crashed: Promise.race([ended, died]),
    watch: () => {
      cleanups.push(watchFunctions(workspace.functions));
    },
  };
}

/** The ports of a suite, its stand-in if it needs one, and its directory with the functions and perhaps the console built. */
async function prepareWorkspace(options: SuiteOptions, ui: boolean, cleanups: Cleanups) {
  const { signal, parameters, deepgramApiKey, transcriber = 'deepgram' } = options;
  const { ports, standInPort } = await allocatePorts(options.ports, cleanups);
  const chosen = parameters?.['TRANSCRIBER'] ?? transcriber;
  const needsStandIn = chosen === 'deepgram' && deepgramApiKey === undefined;
  const standIn = needsStandIn ? await startDeepgramStandIn({ port: standInPort, quiet: true }) : null;
  if (standIn !== null) cleanups.push(() => standIn.close());
  const workspace = createWorkspace({
    ports,
    ...(options.host !== undefined && { host: options.host }),
    ui,
    functionsSource: FUNCTIONS,
    parameters: {
      TRANSCRIBER: chosen,
      ...parameters,
      ...(standIn !== null && { DEEPGRAM_BASE_URL: standIn.url }),
    },
    secrets: { DEEPGRAM_API_KEY: deepgramApiKey ?? 'stand-in' },
  });
  cleanups.push(() => {
    workspace.remove();
  });
  await buildFunctions(workspace.functions, signal);
  if (options.console === true) {
    const atWork = standIn === null ? chosen : 'stand-in';
    await buildConsole(workspace.hosting, { ports, ui, transcriber: atWork }, signal);
  }
  return { ports, standIn, workspace };
}

/** Starts firebase-tools. `ended` resolves only if it ends by itself. */
function launch(
  workspace: Workspace,
  logFile: string,
  java: Java,
  environment: Readonly<Record<string, string>>,
  cleanups: Cleanups,
) {
  const lastResort = (): void => {
    killSuiteNow(workspace.directory);
    workspace.remove();
  };
  process.on('exit', lastResort);
  const child = spawnFirebase(workspace, java, environment);
  const ended = new Promise<Error>((resolve) => {
    const onExit = (): void => {
      resolve(errorWithLog('The emulators ended by themselves', logFile));
    };
    child.once('exit', onExit);
    cleanups.push(async () => {
      child.off('exit', onExit);
      await killSuite(workspace.directory);
      process.off('exit', lastResort);
    });
  });
  return { child, ended };
}

/**
 * The emulators whose end is noticed here. The hub, logging and the UI run in firebase-tools itself, whose end is noticed
 * separately.
 */
function listenersOf(ports: Ports): ReadonlyMap<string, number> {
  const names = ['auth', 'functions', 'firestore', 'storage', 'hosting'] as const satisfies readonly Listener[];
  return new Map(names.map((name) => [name, ports[name]]));
}

async function allocatePorts(
  kind: SuiteOptions['ports'],
  cleanups: Cleanups,
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
  const documented = documentedPorts(readFirebaseConfig());
  const ports: Record<Listener, number> = { ...documented };
  for (const [index, name] of LISTENERS.entries()) {
    if (!(await isTaken(documented[name]))) continue;
    ports[name] = block.ports[index] ?? 0;
    say.note(`Port ${documented[name]} is in use by another program; the ${name} emulator takes ${ports[name]}.`);
  }
  return { ports, standInPort };
}

/** The environment variables by which programs find a suite. */
export function environmentFor(ports: Ports, standInUrl: string | undefined): Record<string, string> {
  const host = (name: Listener): string => `127.0.0.1:${ports[name]}`;
  return {
    ...NO_CLOUD,
    GCLOUD_PROJECT: PROJECT_ID,
    FIREBASE_CONFIG: JSON.stringify({ projectId: PROJECT_ID, storageBucket: `${PROJECT_ID}.appspot.com` }),
    FIREBASE_EMULATOR_HUB: host('hub'),
    FIREBASE_AUTH_EMULATOR_HOST: host('auth'),
    FIRESTORE_EMULATOR_HOST: host('firestore'),
    FIREBASE_STORAGE_EMULATOR_HOST: host('storage'),
    STORAGE_EMULATOR_HOST: `http://${host('storage')}`,
    CLOUD_TASKS_EMULATOR_HOST: host('tasks'),
    FUNCTIONS_EMULATOR_ORIGIN: `http://${host('functions')}`,
    HOSTING_ORIGIN: `http://${host('hosting')}`,
    ...(standInUrl !== undefined && { DEEPGRAM_STANDIN_URL: standInUrl }),
  };
}
