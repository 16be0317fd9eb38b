import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closeAfterEach, removeFolder } from './closing.ts';
import { chooseEmulatorPrograms } from '../emulators/downloads.ts';
import { prepareOfflineBinaries } from '../offline/binaries.ts';
import { sourceHash } from '../offline/build.ts';

const ALL = ['firestore', 'storage'] as const;

describe('Emulators for machines that cannot download them', () => {
  let directory: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    directory = closing(mkdtempSync(path.join(os.tmpdir(), "it's a test ")), removeFolder);
  });

  /** An installed Google Cloud CLI. */
  function cloudCli(): { firestoreJar: string; PATH: string } {
    const root = path.join(directory, 'cli');
    const firestoreJar = path.join(root, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar');
    for (const file of [firestoreJar, path.join(root, 'bin/gcloud')]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
    const bin = path.join(directory, 'bin');
    mkdirSync(bin);
    symlinkSync(path.join(root, 'bin/gcloud'), path.join(bin, 'gcloud'));
    return { firestoreJar, PATH: bin };
  }

  it('are not used if firebase-tools has its own, nor without a Google Cloud CLI', async () => {
    const none = { env: {}, downloads: false };
    assert.deepEqual(await chooseEmulatorPrograms({ missing: [], ui: false }, { PATH: cloudCli().PATH }), none);
    const downloads = { env: {}, downloads: true };
    assert.deepEqual(await chooseEmulatorPrograms({ missing: ALL, ui: false }, { PATH: directory }), downloads);
  });

  it('are made of those of the Google Cloud CLI, for each emulator that is missing', () => {
    const cache = path.join(directory, 'cache');
    const cli = cloudCli();
    const env = prepareOfflineBinaries(ALL, cli, cache);
    assert.deepEqual(Object.keys(env), ['FIRESTORE_EMULATOR_BINARY_PATH', 'STORAGE_EMULATOR_BINARY_PATH']);
    assert(Object.values(env).every(existsSync));
    assert.deepEqual(prepareOfflineBinaries(ALL, cli, cache), env, 'they are kept');
    assert.deepEqual(Object.keys(prepareOfflineBinaries(['storage'], cli, cache)), ['STORAGE_EMULATOR_BINARY_PATH']);
  });

  it('evaluate Storage rules with what StorageRulesRuntime.java says', () => {
    const jar = path.join(import.meta.dirname, '../offline/storage-rules.jar');
    const content = readFileSync(jar, 'latin1').replaceAll('\r\n ', ''); // Long lines of a manifest continue so.
    const carried = /Source-SHA-256: ([\da-f]{64})/.exec(content)?.[1];
    assert.equal(carried, sourceHash(), 'the source has changed: npm run build:offline');
  });
});
