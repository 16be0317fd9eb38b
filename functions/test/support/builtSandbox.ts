/**
 * Loaded before unit tests: the sandbox's threads run a build of `sandboxWorker.ts`, as deployed ones do. A thread starts for each of
 * several hundred recordings; from the sources it would read some thirty files first, and take their types out.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import threads, { Worker } from 'node:worker_threads';
import { build } from 'esbuild';

const SOURCE = new URL('../../src/audio/read/containers/sandboxWorker.ts', import.meta.url);

const folder = mkdtempSync(join(tmpdir(), 'built-sandbox-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
const outfile = join(folder, 'sandboxWorker.mjs');
await build({
  entryPoints: [fileURLToPath(SOURCE)],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: 'inline',
});
const BUILT = pathToFileURL(outfile);

threads.Worker = class extends Worker {
  constructor(file: string | URL, options?: ConstructorParameters<typeof Worker>[1]) {
    super(file instanceof URL && file.href === SOURCE.href ? BUILT : file, options);
  }
};
syncBuiltinESMExports();
