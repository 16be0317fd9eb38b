/**
 * The directory in which one suite runs, with its own firebase.json, its own build of the functions, and its own temporary
 * files. So a suite never touches a developer's `.env.local` or `functions/lib`, a rebuild does not reload functions during a
 * test, and any number of suites run side by side. To stop one, kill its processes, then delete this directory.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FUNCTIONS, ROOT } from '../paths.ts';
import { allowEmulators, type HostingConfig } from './console.ts';
import { isAlive, killSuite } from './processes.ts';

/** In the system's temporary directory, because paths of Unix sockets in it may have about 100 bytes only. */
const PREFIX = path.join(os.tmpdir(), 'offline-sync-');

/** Emulators that listen, by their name in firebase.json. `firestore.websocket` is its `websocketPort`. */
export const LISTENERS = [
  'hub',
  'ui',
  'logging',
  'auth',
  'functions',
  'firestore',
  'firestore.websocket',
  'storage',
  'tasks',
  'hosting',
  'eventarc',
] as const;
export type Listener = (typeof LISTENERS)[number];
export type Ports = Readonly<Record<Listener, number>>;

/** The part of this project's firebase.json that suites use. */
export interface FirebaseConfig {
  functions: { source: string; ignore: string[] }[];
  firestore: { rules: string; indexes: string };
  storage: { rules: string };
  hosting: HostingConfig;
  emulators: Record<string, unknown> & { ui?: { enabled?: boolean } };
}

export interface Workspace {
  readonly directory: string;
  /** `firebase.json` of this suite. */
  readonly config: string;
  /** The staged functions; their build goes to `lib` in it. */
  readonly functions: string;
  /** The directory that Hosting serves. It is empty until the console is built into it. */
  readonly hosting: string;
  readonly temporary: string;
  remove(): void;
}

export function readFirebaseConfig(): FirebaseConfig {
  return JSON.parse(readFileSync(path.join(ROOT, 'firebase.json'), 'utf8')) as FirebaseConfig;
}

/** The ports that firebase.json documents. */
export function documentedPorts({ emulators }: FirebaseConfig): Ports {
  const settings = emulators as Record<string, { port?: number; websocketPort?: number } | undefined>;
  const port = (name: Listener): number => {
    const value = name === 'firestore.websocket' ? settings['firestore']?.websocketPort : settings[name]?.port;
    if (value === undefined) throw new Error(`firebase.json names no port for the emulator "${name}".`);
    return value;
  };
  return Object.fromEntries(LISTENERS.map((name) => [name, port(name)])) as Record<Listener, number>;
}

/** The address on which emulators listen: this machine alone, or every device of its networks. */
export const LOOPBACK = '127.0.0.1';
export const ANY_HOST = '0.0.0.0';

/**
 * firebase.json with other ports, with the emulators as servers that browsers may call, and with the functions of the workspace
 * if it has any.
 */
export function configFor(base: FirebaseConfig, ports: Ports, ui: boolean, host: string = LOOPBACK): FirebaseConfig {
  return {
    ...base,
    functions: base.functions.map((codebase) => ({ ...codebase, source: 'functions' })),
    hosting: allowEmulators(base.hosting, ports),
    emulators: { ...base.emulators, ...emulatorsAt(ports, ui, host) },
  };
}

/**
 * The `emulators` of a firebase.json: where each listens. Tests have projects of their own: in single project mode the Firestore emulator
 * prints a warning at each of their requests, which firebase-tools reads and keeps.
 */
export function emulatorsAt(ports: Ports, ui: boolean, host: string = LOOPBACK): FirebaseConfig['emulators'] {
  const emulators = Object.fromEntries(
    LISTENERS.filter((name) => name !== 'firestore.websocket').map((name) => [
      name,
      {
        host: REACHED_BY_APPS.has(name) ? host : LOOPBACK,
        port: ports[name],
        ...(name === 'firestore' && { websocketPort: ports['firestore.websocket'] }),
      },
    ]),
  );
  return { ...emulators, singleProjectMode: false, ui: { ...emulators['ui'], enabled: ui } };
}

/** The emulators that an app on another device needs. The others, which nothing protects, listen on this machine alone. */
const REACHED_BY_APPS: ReadonlySet<Listener> = new Set(['auth', 'functions', 'firestore', 'storage', 'hosting']);

export interface WorkspaceOptions {
  readonly ports: Ports;
  /** The address on which the emulators that apps need listen; {@link LOOPBACK} if missing. */
  readonly host?: string;
  readonly ui: boolean;
  /** The package to stage: `functions/`, or another one in tests of the launcher. */
  readonly functionsSource: string;
  /** Parameters of the functions that differ from their defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

export function createWorkspace(options: WorkspaceOptions): Workspace {
  const base = readFirebaseConfig();
  const directory = mkdtempSync(PREFIX);
  const workspace: Workspace = {
    directory,
    config: path.join(directory, 'firebase.json'),
    functions: path.join(directory, 'functions'),
    hosting: path.join(directory, base.hosting.public),
    temporary: path.join(directory, 'tmp'),
    remove: () => {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  try {
    writeFileSync(path.join(directory, 'owner'), String(process.pid));
    writeFileSync(workspace.config, JSON.stringify(configFor(base, options.ports, options.ui, options.host), null, 2));
    mkdirSync(workspace.temporary);
    mkdirSync(workspace.hosting, { recursive: true });
    for (const file of [base.firestore.rules, base.firestore.indexes, base.storage.rules]) {
      mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
      symlinkSync(path.join(ROOT, file), path.join(directory, file));
    }
    stageFunctions(workspace.functions, options, base.functions[0]?.ignore ?? []);
    return workspace;
  } catch (error) {
    workspace.remove();
    throw error;
  }
}

/** Links what a deployment would upload, and `node_modules`. `lib` is built afterwards; settings come from `options`. */
function stageFunctions(
  target: string,
  { functionsSource, parameters, secrets }: WorkspaceOptions,
  ignore: string[],
): void {
  mkdirSync(target);
  const skipped = new Set(ignore.filter((pattern) => pattern !== 'node_modules'));
  for (const entry of readdirSync(functionsSource)) {
    if (entry.startsWith('.') || skipped.has(entry) || (entry === 'lib' && functionsSource === FUNCTIONS)) continue;
    symlinkSync(path.join(functionsSource, entry), path.join(target, entry));
  }
  // The emulator gives these files priority over the environment, and writes the defaults of all other parameters here.
  writeFileSync(path.join(target, '.env.local'), formatEnv(parameters));
  writeFileSync(path.join(target, '.secret.local'), formatEnv(secrets), { mode: 0o600 });
}

function formatEnv(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"\n`)
    .join('');
}

/** Ends and deletes suites whose owner was killed before it could do so itself. */
export async function removeAbandonedWorkspaces(): Promise<void> {
  const parent = path.dirname(PREFIX);
  for (const name of readdirSync(parent)) {
    const directory = path.join(parent, name);
    if (!directory.startsWith(PREFIX)) continue;
    const owner = ownerOf(directory);
    if (owner === null || isAlive(owner)) continue;
    await killSuite(directory);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The id of the process that owns a workspace; null if another user owns it, or if it is being made or deleted. */
function ownerOf(directory: string): number | null {
  try {
    if (statSync(directory).uid !== process.getuid?.()) return null;
    const pid = Number.parseInt(readFileSync(path.join(directory, 'owner'), 'utf8'), 10);
    return Number.isNaN(pid) ? null : pid;
  } catch {
    return null;
  }
}
