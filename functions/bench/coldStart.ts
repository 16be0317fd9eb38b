/**
 * Measures how long the modules of the functions take to load in fresh processes: the table of contents, then what the first
 * request loads.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { median } from './rounds.ts';

export interface Load {
  readonly what: string;
  readonly ms: number;
  /** The processor time of the whole process, the start of Node included. Other programs disturb it less than the clock. */
  readonly cpuMs: number;
  /** The peer: the same code as the compiler writes it, with packages as npm installs them. */
  readonly unbundledMs: number;
  readonly unbundledCpuMs: number;
}

const FUNCTIONS = path.resolve(import.meta.dirname, '..');

/** What each kind of function has loaded when its first request is answered. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  'table of contents (every function, and deploying)': ['index.js'],
  'light functions, first request': ['index.js', 'platform.js'],
  'processSyncJob, first task': [
    'index.js',
    'platform.js',
    'worker/processJob.js',
    'transcription/configured.js',
    'audio/detect/listenerPool.js',
  ],
};

const ENVIRONMENT = {
  GCLOUD_PROJECT: 'demo-bench',
  FIREBASE_CONFIG: '{"projectId":"demo-bench","storageBucket":"demo-bench"}',
};

/** @throws Error if the functions do not compile */
export function coldStart(rounds: number): Load[] {
  // Both lie within the package, so that Node finds the packages that they import.
  const [bundled, unbundled] = [path.join(FUNCTIONS, 'lib'), path.join(FUNCTIONS, '.cache/unbundled/functions/src')];
  const compiler = path.join(FUNCTIONS, 'node_modules/typescript-native/bin/tsc');
  run(['build.mjs', '--outdir', bundled]);
  run([compiler, '-p', 'tsconfig.json', '--noEmit', 'false', '--rootDir', '..', '--outDir', '.cache/unbundled']);
  try {
    // Every round measures everything, so that other programs affect all of it equally.
    const turns = Array.from({ length: rounds }, () =>
      Object.values(STEPS).map((files) => [load(bundled, files), load(unbundled, files)] as const),
    );
    return Object.keys(STEPS).map((what, step) => {
      const of = (which: 0 | 1, figure: 0 | 1): number =>
        Math.round(median(turns.flatMap((turn) => turn[step]?.[which][figure] ?? [])));
      return { what, ms: of(0, 0), cpuMs: of(0, 1), unbundledMs: of(1, 0), unbundledCpuMs: of(1, 1) };
    });
  } finally {
    rmSync(path.join(FUNCTIONS, '.cache/unbundled'), { recursive: true });
  }
}

function load(directory: string, files: readonly string[]): [ms: number, cpuMs: number] {
  const imports = files.map((file) => `await import(${JSON.stringify(path.join(directory, file))});`);
  const script = `const began = performance.now(); ${imports.join(' ')} const { user, system } = process.cpuUsage(); console.log(JSON.stringify([performance.now() - began, (user + system) / 1000])); process.exit(0);`;
  const printed = run(['--input-type=module', '-e', script]);
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as [ms: number, cpuMs: number];
}

function run(args: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  return execFileSync(process.execPath, args, {
    cwd: FUNCTIONS,
    encoding: 'utf8',
    env: { ...process.env, ...ENVIRONMENT },
    stdio: [...stdio],
  });
}
