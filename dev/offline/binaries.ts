/**
 * The environment that makes firebase-tools run the emulators of the Google Cloud CLI. It is loaded only if firebase-tools has
 * not downloaded its own and the CLI has them: see README.md beside this file.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.ts';

/** Programs of the Google Cloud CLI. */
export interface CloudCliEmulators {
  readonly firestoreJar: string;
  readonly pubsubScript: string;
}

type OfflineEmulator = 'firestore' | 'storage' | 'pubsub';

/** Name under which the launchers beside this file look for the Firestore emulator (`Class-Path` in their manifests). */
const FIRESTORE_JAR = 'cloud-firestore-emulator.jar';

/**
 * The emulators of a Google Cloud CLI.
 * @param root its directory
 * @returns null if one of them is not installed
 */
export function findCloudCliEmulators(root: string): CloudCliEmulators | null {
  const firestoreJar = path.join(root, 'platform/cloud-firestore-emulator', FIRESTORE_JAR);
  const pubsubScript = path.join(root, 'platform/pubsub-emulator/bin/cloud-pubsub-emulator');
  return existsSync(firestoreJar) && existsSync(pubsubScript) ? { firestoreJar, pubsubScript } : null;
}

/** Makes the files that firebase-tools needs to start them, once, and keeps them in `cache`. */
export function prepareOfflineBinaries(
  missing: readonly OfflineEmulator[],
  { firestoreJar, pubsubScript }: CloudCliEmulators,
  cache = path.join(CACHE, 'emulators/offline'),
): Record<string, string> {
  // firebase-tools changes the mode of the file that it gets, so a script of ours starts the script of the CLI.
  const pubsub = `#!/bin/sh\nexec ${quoteForShell(pubsubScript)} "$@"\n`;
  const launchers = { firestore: launcher('firestore.jar'), storage: launcher('storage-rules.jar') };
  const key = hash([firestoreJar, pubsub, ...Object.values(launchers).map((file) => readFileSync(file, 'base64'))]);
  const directory = keep(path.join(cache, key), (work) => {
    symlinkSync(firestoreJar, path.join(work, FIRESTORE_JAR));
    copyFileSync(launchers.firestore, path.join(work, 'firestore.jar'));
    copyFileSync(launchers.storage, path.join(work, 'storage.jar'));
    writeFileSync(path.join(work, 'pubsub.sh'), pubsub);
    chmodSync(path.join(work, 'pubsub.sh'), 0o755);
  });
  const files = { firestore: 'firestore.jar', storage: 'storage.jar', pubsub: 'pubsub.sh' };
  return Object.fromEntries(
    missing.map((emulator) => [
      `${emulator.toUpperCase()}_EMULATOR_BINARY_PATH`,
      path.join(directory, files[emulator]),
    ]),
  );
}

function launcher(name: string): string {
  return path.join(import.meta.dirname, name);
}

function hash(inputs: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Makes a directory that `fill` fills once. If two suites start together, the later one keeps the directory of the other. */
function keep(directory: string, fill: (work: string) => void): string {
  if (existsSync(directory)) return directory;
  mkdirSync(path.dirname(directory), { recursive: true });
  const work = mkdtempSync(`${directory}-`);
  try {
    fill(work);
    renameSync(work, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}
