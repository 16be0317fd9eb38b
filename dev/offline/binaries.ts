/**
 * The environment that makes firebase-tools run the emulators of the Google Cloud CLI. It is loaded only if firebase-tools has
 * not downloaded its own and the CLI has them: see README.md beside this file.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.ts';

/** The program of the Google Cloud CLI that is used. Its code also evaluates the Storage rules. */
export interface CloudCliEmulators {
  readonly firestoreJar: string;
}

type OfflineEmulator = 'firestore' | 'storage';

/** Name under which the launchers beside this file look for the Firestore emulator (`Class-Path` in their manifests). */
const FIRESTORE_JAR = 'cloud-firestore-emulator.jar';

/**
 * The emulator of a Google Cloud CLI.
 * @param root its directory
 * @returns null if it is not installed
 */
export function findCloudCliEmulators(root: string): CloudCliEmulators | null {
  const firestoreJar = path.join(root, 'platform/cloud-firestore-emulator', FIRESTORE_JAR);
  return existsSync(firestoreJar) ? { firestoreJar } : null;
}

/** Makes the files that firebase-tools needs to start them, once, and keeps them in `cache`. */
export function prepareOfflineBinaries(
  missing: readonly OfflineEmulator[],
  { firestoreJar }: CloudCliEmulators,
  cache = path.join(CACHE, 'emulators/offline'),
): Record<string, string> {
  const launchers = { firestore: launcher('firestore.jar'), storage: launcher('storage-rules.jar') };
  const key = hash([firestoreJar, ...Object.values(launchers).map((file) => readFileSync(file, 'base64'))]);
  const directory = keep(path.join(cache, key), (work) => {
    symlinkSync(firestoreJar, path.join(work, FIRESTORE_JAR));
    copyFileSync(launchers.firestore, path.join(work, 'firestore.jar'));
    copyFileSync(launchers.storage, path.join(work, 'storage.jar'));
  });
  const files = { firestore: 'firestore.jar', storage: 'storage.jar' };
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
