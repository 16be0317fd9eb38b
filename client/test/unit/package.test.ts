import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import { closeAfterAll, removeFolder } from '../../../dev/test/closing.ts';

const run = promisify(execFile);
const CLIENT = path.resolve(import.meta.dirname, '../..');

/** An app that uses the package. Everything that it imports has to exist, at run time and for the compiler. */
const APP = `
import { createSyncClient, memoryStore, SyncError, transcriptOf, type JobStatus } from 'offline-audio-sync-client';
import { createMd5 } from 'offline-audio-sync-client/md5';

const status: JobStatus = 'deferred';
console.log(JSON.stringify([typeof createSyncClient, typeof memoryStore, typeof createMd5, status]));
console.log(new SyncError('busy').message);
console.log(transcriptOf('ann', { deviceId: 'omi', startedAt: { toMillis: () => 0 }, finishedAt: { toMillis: () => 1 } }).collection);
`;

/** TypeScript's module resolution from before it supported `exports` in manifests. Many apps still use it. */
const NODE_10 = ['--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'] as const;

describe('The package that apps install', function () {
  this.timeout(180_000);
  let directory: string;

  const closing = closeAfterAll();
  before(async () => {
    directory = closing(await mkdtemp(path.join(os.tmpdir(), 'client-package-')), removeFolder);
  });

  before('the package is built, packed and installed beside its dependencies', async () => {
    await run(process.execPath, ['build.mjs'], { cwd: CLIENT });
    const { stdout: packed } = await run('npm', ['pack', './dist', '--json', '--pack-destination', directory], {
      cwd: CLIENT,
    });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    const installed = path.join(directory, 'node_modules/offline-audio-sync-client');
    await mkdir(installed, { recursive: true });
    await run('tar', ['-xzf', path.join(directory, filename), '--strip-components=1', '-C', installed]);
    for (const dependency of ['idb', '@noble/hashes', 'typescript']) {
      await cp(path.join(CLIENT, '../node_modules', dependency), path.join(directory, 'node_modules', dependency), {
        recursive: true,
      });
    }
    await writeFile(path.join(directory, 'app.ts'), APP);
  });

  const RESOLUTIONS = [
    { name: 'ES modules of Node', type: 'module', options: ['--module', 'node16'] },
    { name: 'CommonJS of Node', type: 'commonjs', options: ['--module', 'node16'] },
    { name: 'CommonJS without exports', type: 'commonjs', options: ['--module', 'commonjs', ...NODE_10] },
  ] as const;
  for (const { name, type, options } of RESOLUTIONS) {
    it(`compiles and runs by ${name} in an app that has nothing else of this repository`, async () => {
      await compileApp(type, options);
      const { stdout } = await run(process.execPath, ['app.js'], { cwd: directory });
      assert.deepEqual(stdout.trim().split('\n'), [
        '["function","function","function","deferred"]',
        CLIENT_CATALOGUE.busy.message,
        'users/ann/segments',
      ]);
    });
  }

  it('compiles with the settings of bundlers, and can be bundled', async () => {
    await compileApp('module', ['--module', 'esnext', '--moduleResolution', 'bundler']);
    const { outputFiles } = await build({
      entryPoints: [path.join(directory, 'app.js')],
      bundle: true,
      write: false,
      platform: 'browser',
    });
    assert.match(outputFiles[0]?.text ?? '', /createSyncClient/);
  });

  async function compileApp(type: 'module' | 'commonjs', options: readonly string[]): Promise<void> {
    await writeFile(path.join(directory, 'package.json'), JSON.stringify({ type }));
    // The compiler's own declarations are skipped: checking them takes two thirds of the time, and they are no part of the package.
    const strict = ['--strict', '--skipDefaultLibCheck', '--target', 'es2023', '--lib', 'es2023,dom'];
    const all = [...strict, ...options, 'app.ts'];
    const compiler = ['node_modules/typescript/bin/tsc', ...all];
    await run(process.execPath, compiler, { cwd: directory }).catch((error: unknown) => {
      assert.fail((error as { stdout: string }).stdout);
    });
  }
});
