import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';

const run = promisify(execFile);
const CLIENT = path.resolve(import.meta.dirname, '../..');

/** What an app does with the package: everything that it imports has to be there, at run time and for the compiler. */
const APP = `
import { createSyncClient, memoryStore, SyncError, transcriptOf, type JobStatus } from 'offline-audio-sync-client';
import { createMd5 } from 'offline-audio-sync-client/md5';

const status: JobStatus = 'deferred';
console.log(JSON.stringify([typeof createSyncClient, typeof memoryStore, typeof createMd5, status]));
console.log(new SyncError('busy').message);
console.log(transcriptOf('ann', { deviceId: 'omi', startedAt: { toMillis: () => 0 }, finishedAt: { toMillis: () => 1 } }).collection);
`;

describe('the package that apps install', function () {
  this.timeout(180_000);
  let directory: string;

  before(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'client-package-'));
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it('works in an app that has nothing else of this repository', async () => {
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
    await writeFile(path.join(directory, 'package.json'), '{"type": "module"}');
    await writeFile(path.join(directory, 'app.ts'), APP);
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom', 'app.ts'];
    await run(process.execPath, ['node_modules/typescript/bin/tsc', ...options], { cwd: directory });
    const { stdout } = await run(process.execPath, ['app.js'], { cwd: directory });
    assert.deepEqual(stdout.trim().split('\n'), [
      '["function","function","function","deferred"]',
      CLIENT_CATALOGUE.busy.message,
      'users/ann/segments',
    ]);
  });
});
