/**
 * Which program serves for each emulator that is not part of firebase-tools. In this order: what firebase-tools has
 * downloaded before, what the Google Cloud CLI brings along, a download by firebase-tools.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CACHE, ROOT } from '../paths.ts';
import { MissingPrerequisite, jdkInstallCommand } from '../prerequisites.ts';
import type { Jdk } from './java.ts';

export type BinaryEmulator = 'firestore' | 'storage' | 'pubsub';

/** Where the programs come from; a parameter so that tests need no files. */
export interface BinarySources {
  /** In firebase-tools' cache, at the version that it asks for; null if not there. */
  readonly cached: Readonly<Record<BinaryEmulator, string | null>>;
  /** The Google Cloud CLI's own; null if not installed. */
  readonly cloudSdk: { readonly firestoreJar: string | null; readonly pubsubScript: string | null };
  /** Whether firebase-tools has the Emulator UI in its cache. */
  readonly ui: boolean;
}

/**
 * - `cached`: firebase-tools finds it by itself.
 * - `cloud-sdk`: made out of `from`, a file of the Google Cloud CLI or, for Storage, any Firestore emulator.
 * - `download`: firebase-tools fetches it when it starts.
 */
export type BinaryChoice =
  { readonly kind: 'cached' } | { readonly kind: 'cloud-sdk'; readonly from: string } | { readonly kind: 'download' };

export function chooseBinaries({
  cached,
  cloudSdk,
}: Pick<BinarySources, 'cached' | 'cloudSdk'>): Record<BinaryEmulator, BinaryChoice> {
  const choose = (emulator: BinaryEmulator, from: string | null): BinaryChoice => {
    if (cached[emulator] !== null) return { kind: 'cached' };
    return from === null ? { kind: 'download' } : { kind: 'cloud-sdk', from };
  };
  return {
    firestore: choose('firestore', cloudSdk.firestoreJar),
    storage: choose('storage', cached.firestore ?? cloudSdk.firestoreJar),
    pubsub: choose('pubsub', cloudSdk.pubsubScript),
  };
}

/**
 * Environment that makes firebase-tools use the chosen programs. What has to be made is made once and kept.
 * @throws MissingPrerequisite without a compiler for the Storage rules runtime.
 */
export function prepareBinaries(choices: Record<BinaryEmulator, BinaryChoice>, jdk: Jdk): Record<string, string> {
  const environment: Record<string, string> = {};
  const { firestore, storage, pubsub } = choices;
  if (firestore.kind === 'cloud-sdk') {
    const mainClass = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
    environment['FIRESTORE_EMULATOR_BINARY_PATH'] = keep('firestore', '.jar', [firestore.from], (work) =>
      launcherJar(work, mainClass, firestore.from, jdk),
    );
  }
  if (storage.kind === 'cloud-sdk') {
    environment['STORAGE_EMULATOR_BINARY_PATH'] = storageRulesRuntime(storage.from, jdk);
  }
  if (pubsub.kind === 'cloud-sdk') {
    // A script of ours, because firebase-tools changes the mode of the file it is given.
    const script = `#!/bin/sh\nexec '${pubsub.from}' "$@"\n`;
    environment['PUBSUB_EMULATOR_BINARY_PATH'] = keep('pubsub', '.sh', [script], (work) => {
      const file = path.join(work, 'pubsub.sh');
      writeFileSync(file, script);
      chmodSync(file, 0o755);
      return file;
    });
  }
  return environment;
}

function storageRulesRuntime(firestoreJar: string, jdk: Jdk): string {
  const source = path.join(import.meta.dirname, 'StorageRulesRuntime.java');
  if (!jdk.compiles) {
    throw new MissingPrerequisite(
      `${jdk.home} is a Java runtime without a compiler, and the Storage emulator's rules need one: install a JDK with "${jdkInstallCommand()}".`,
    );
  }
  return keep('storage-rules', '.jar', [firestoreJar, readFileSync(source, 'utf8')], (work) => {
    const classes = path.join(work, 'classes');
    runTool(jdk, 'javac', ['--release', '21', '-proc:none', '-cp', firestoreJar, '-d', classes, source]);
    return launcherJar(work, 'StorageRulesRuntime', firestoreJar, jdk, classes);
  });
}

/** A JAR of a manifest (and `classes`) that starts `mainClass` of another JAR: `java -jar` ignores a class path. */
function launcherJar(work: string, mainClass: string, jar: string, jdk: Jdk, classes?: string): string {
  const manifest = path.join(work, 'manifest.txt');
  const file = path.join(work, 'launcher.jar');
  // A manifest line holds 72 bytes; a longer value continues on lines that start with a space.
  const classPath = `Class-Path: ${pathToFileURL(jar).href}`.replace(/(.{70})(?=.)/g, '$1\n ');
  writeFileSync(manifest, `Main-Class: ${mainClass}\n${classPath}\n`);
  runTool(jdk, 'jar', ['cfm', file, manifest, ...(classes === undefined ? [] : ['-C', classes, '.'])]);
  return file;
}

function runTool(jdk: Jdk, tool: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(path.join(jdk.home, 'bin', tool), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} failed: ${error?.message ?? stderr}`);
}

/** The file that `make` leaves, kept under a name that changes with its inputs. Safe when two suites start at once. */
function keep(name: string, extension: string, inputs: readonly string[], make: (work: string) => string): string {
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
  const kept = path.join(CACHE, 'emulators', 'bin', `${name}-${hash}${extension}`);
  if (existsSync(kept)) return kept;
  mkdirSync(path.dirname(kept), { recursive: true });
  const work = mkdtempSync(path.join(path.dirname(kept), '.work-'));
  try {
    renameSync(make(work), kept);
    return kept;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** How firebase-tools describes a download, as far as it tells where it ends up. */
interface Download {
  readonly downloadPathRelativeToCacheDir: string;
  readonly binaryPathRelativeToCacheDir?: string;
}

/** What this machine has. */
export function findBinarySources(env: NodeJS.ProcessEnv = process.env): BinarySources {
  const cache = env['FIREBASE_EMULATORS_PATH'] ?? path.join(os.homedir(), '.cache', 'firebase', 'emulators');
  const wanted = JSON.parse(
    readFileSync(path.join(ROOT, 'node_modules/firebase-tools/lib/emulator/downloadableEmulatorInfo.json'), 'utf8'),
  ) as Record<BinaryEmulator, Download> & { ui: { main: Download } };
  const downloaded = ({ binaryPathRelativeToCacheDir, downloadPathRelativeToCacheDir }: Download): string | null =>
    ifThere(path.join(cache, binaryPathRelativeToCacheDir ?? downloadPathRelativeToCacheDir));
  const ifThere = (file: string): string | null => (existsSync(file) ? file : null);
  const cached = (emulator: BinaryEmulator): string | null => {
    const override = env[`${emulator.toUpperCase()}_EMULATOR_BINARY_PATH`];
    return override ?? downloaded(wanted[emulator]);
  };
  const sdk = findCloudSdk(env);
  return {
    cached: { firestore: cached('firestore'), storage: cached('storage'), pubsub: cached('pubsub') },
    cloudSdk: {
      firestoreJar: sdk && ifThere(path.join(sdk, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar')),
      pubsubScript: sdk && ifThere(path.join(sdk, 'platform/pubsub-emulator/bin/cloud-pubsub-emulator')),
    },
    ui: downloaded(wanted.ui.main) !== null,
  };
}

/** Root of the Google Cloud CLI: `gcloud` on the PATH is a link into its `bin`. */
function findCloudSdk(env: NodeJS.ProcessEnv): string | null {
  for (const directory of (env['PATH'] ?? '').split(path.delimiter)) {
    const gcloud = path.join(directory, 'gcloud');
    if (existsSync(gcloud)) return path.resolve(realpathSync(gcloud), '..', '..');
  }
  return null;
}
