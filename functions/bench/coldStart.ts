/** Module load of the functions in fresh processes: the table of contents, then what the first request brings in. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './rounds.ts';

export interface Load {
  readonly what: string;
  readonly ms: number;
  /** Processor time of the whole process, Node's own start included: what others do on the machine disturbs it less. */
  readonly cpuMs: number;
}

const BUILT = new URL('../lib/', import.meta.url);

/** What each kind of function has loaded when its first request is answered. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  'table of contents (every function, and deploying)': ['index.js'],
  'light functions, first request': ['index.js', 'wiring.js'],
  'processSyncJob, first task': ['index.js', 'wiring.js', 'audio/listenerPool.js'],
};

const ENVIRONMENT = {
  GCLOUD_PROJECT: 'demo-bench',
  FIREBASE_CONFIG: '{"projectId":"demo-bench","storageBucket":"demo-bench"}',
};

/** @throws Error where the functions are not built. */
export function coldStart(rounds: number): Load[] {
  return Object.entries(STEPS).map(([what, files]) => {
    const imports = files.map((file) => `await import(${JSON.stringify(fileURLToPath(new URL(file, BUILT)))});`);
    const script = `const began = performance.now(); ${imports.join(' ')} const { user, system } = process.cpuUsage(); console.log(JSON.stringify([performance.now() - began, (user + system) / 1000])); process.exit(0);`;
    const times = Array.from({ length: rounds }, () => {
      const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        env: { ...process.env, ...ENVIRONMENT },
      });
      return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as [ms: number, cpuMs: number];
    });
    return {
      what,
      ms: Math.round(median(times.map(([ms]) => ms))),
      cpuMs: Math.round(median(times.map(([, cpuMs]) => cpuMs))),
    };
  });
}
