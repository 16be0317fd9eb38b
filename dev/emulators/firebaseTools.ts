/** firebase-tools as a child process: started in a workspace, and ready when its functions are loaded. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { PROJECT_ID, ROOT } from '../paths.ts';
import { NO_CLOUD } from '../process.ts';
import { SUPPORTED_JAVA, type Java } from '../setup/java.mjs';
import { errorWithLog } from './logs.ts';
import { SUITE_MARK } from './processes.ts';
import type { Workspace } from './workspace.ts';

const FIREBASE = path.join(ROOT, 'node_modules/firebase-tools/lib/bin/firebase.js');
const FAST_AUTH = path.join(import.meta.dirname, 'fastAuth.cjs');
const OLDER_JAVA = path.join(import.meta.dirname, 'olderJava.cjs');
/** Preloaded into the processes of firebase-tools, and into those that run a function. */
const PRELOADS = ['lightWorkers.cjs', 'openConnections.cjs'].map((file) => path.join(import.meta.dirname, file));

/**
 * Options for minutes of work on few processors: only the quick compiler, and a collector without its own threads. The
 * Firestore emulator then needs half of the processor time.
 */
const JAVA_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/**
 * The Storage emulator is a part of firebase-tools. By default, V8 marks the whole heap again for every few megabytes that are uploaded, step
 * by step, which is half of its processor time. Without the steps it does not begin so early, and needs no more memory.
 */
const NODE_FLAGS = ['--no-incremental-marking'];

/**
 * Starts the emulators of a workspace. @param environment variables in addition to those of this process; the functions get
 * them, too
 */
export function spawnFirebase(
  workspace: Pick<Workspace, 'directory' | 'config' | 'temporary'>,
  java: Java,
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  const { GOOGLE_APPLICATION_CREDENTIALS: _, ...inherited } = process.env; // real credentials are not passed on
  const args = ['emulators:start', '--project', PROJECT_ID, '--config', workspace.config, '--non-interactive'];
  const preloads = java.major < SUPPORTED_JAVA ? [FAST_AUTH, OLDER_JAVA] : [FAST_AUTH];
  const preloaded = preloads.flatMap((file) => ['--require', file]);
  return spawn(process.execPath, [...NODE_FLAGS, ...preloaded, FIREBASE, ...args], {
    cwd: workspace.directory, // firebase-tools writes its debug logs here.
    detached: true, // Ctrl-C reaches only this process, which ends the others in order
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      ...environment,
      NODE_OPTIONS: withPreloads(),
      JAVA_HOME: java.home,
      JAVA_TOOL_OPTIONS: [JAVA_OPTIONS, process.env['JAVA_TOOL_OPTIONS']].join(' '),
      PATH: [path.join(java.home, 'bin'), process.env['PATH']].join(path.delimiter),
      [SUITE_MARK]: workspace.directory,
      TMPDIR: workspace.temporary, // also separates the Storage emulators of two suites, which use a fixed name in it
      XDG_CONFIG_HOME: workspace.directory, // neither the login nor the settings of the developer
      ...NO_CLOUD,
      FUNCTIONS_DISCOVERY_TIMEOUT: '120', // seconds to load the functions, at start and in each worker: a busy machine takes long
      NO_UPDATE_NOTIFIER: '1',
    },
  });
}

/** NODE_OPTIONS, which the processes of functions inherit. Quoted, because a path may have spaces. */
export function withPreloads(inherited = process.env['NODE_OPTIONS'] ?? ''): string {
  return [inherited, ...PRELOADS.map((file) => `--require ${JSON.stringify(file)}`)].join(' ').trim();
}

export interface Readiness {
  readonly logFile: string;
  readonly functionsPort: number;
  /** The time limit of the start, milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Keeps the log, and resolves when everything is up and the functions are loaded.
 * @throws Error with the end of the log; the signal's reason.
 */
export async function untilReady(
  child: ChildProcess,
  { logFile, functionsPort, limitMs, signal }: Readiness,
): Promise<void> {
  const ended = new AbortController();
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const ready = new Promise<void>((resolve) => {
    keepLog(child, log, (line) => {
      if (line.includes('All emulators ready')) resolve();
    });
  });
  const failed = new Promise<never>((_, reject) => {
    const fail = (what: string): void => {
      // The log may not have the reason yet.
      setImmediate(() =>
        log.write('', () => {
          reject(errorWithLog(what, logFile));
        }),
      );
    };
    const timer = setTimeout(fail, limitMs, `The emulators did not start within ${limitMs / 1000} s`);
    const onExit = (): void => {
      fail('The emulators did not start');
    };
    const onAbort = (): void => {
      reject(signal?.reason as Error);
    };
    child.once('close', onExit);
    child.once('error', reject);
    signal?.addEventListener('abort', onAbort);
    ended.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      child.off('close', onExit);
      signal?.removeEventListener('abort', onAbort);
    });
  });
  try {
    signal?.throwIfAborted();
    await Promise.race([ready, failed]);
  } finally {
    ended.abort();
  }
  await checkFunctionsLoaded(functionsPort, logFile);
}

/** Writes every line to the log with the seconds since the start. */
function keepLog(child: ChildProcess, log: NodeJS.WritableStream, onLine: (line: string) => void): void {
  const started = Date.now();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(3).padStart(8);
      log.write(`${seconds}  ${stripVTControlCharacters(line)}\n`);
      onLine(line);
    });
  }
}

/** firebase-tools continues without the functions if their code does not load. Here that is an error. */
async function checkFunctionsLoaded(port: number, logFile: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/backends`);
  const { backends } = (await response.json()) as { backends: { functionTriggers: unknown[] }[] };
  if (backends.some(({ functionTriggers }) => functionTriggers.length > 0)) return;
  throw errorWithLog('The functions could not be loaded', logFile);
}
