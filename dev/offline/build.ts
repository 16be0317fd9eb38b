/**
 * `npm run build:offline`: makes the two JARs beside this file again. Needs a JDK of at least 17 and the Google Cloud CLI's Firestore
 * emulator. They are committed, because a Java runtime has no compiler.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../main.ts';
import { findCloudCliEmulators } from './binaries.ts';

const SOURCE = path.join(import.meta.dirname, 'StorageRulesRuntime.java');
/** Java 17 is the oldest that the emulators are started with. */
const RELEASE = '17';
/** Every entry of a JAR gets this time, so that the same source makes the same bytes. */
const DATE = '2026-01-01T00:00:00Z';

/** The hash of the source of `storage-rules.jar`, which its manifest states. A test compares it with the source. */
export function sourceHash(): string {
  return createHash('sha256').update(readFileSync(SOURCE)).digest('hex');
}

function build(): void {
  const gcloud = realpathSync(execFileSync('which', ['gcloud'], { encoding: 'utf8' }).trim());
  const emulators = findCloudCliEmulators(path.resolve(gcloud, '../..'));
  if (emulators === null) throw new Error('The Google Cloud CLI has no Firestore emulator: install it with the CLI.');
  const work = mkdtempSync(path.join(os.tmpdir(), 'offline-build-'));
  try {
    const classes = path.join(work, 'classes');
    const compile = ['--release', RELEASE, '-proc:none', '-cp', emulators.firestoreJar, '-d', classes, SOURCE];
    execFileSync('javac', compile, { stdio: 'inherit' });
    makeJar(work, 'storage-rules.jar', { 'Main-Class': 'StorageRulesRuntime', 'Source-SHA-256': sourceHash() }, [
      ...['-C', classes, '.'],
    ]);
    const firestore = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
    makeJar(work, 'firestore.jar', { 'Main-Class': firestore }, []);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * A JAR that starts a class of the Firestore emulator's JAR, which has to lie beside it: `java -jar` ignores a class path. It is not
 * compressed, so that a test can read its manifest.
 */
function makeJar(work: string, name: string, attributes: Record<string, string>, content: string[]): void {
  const manifest = path.join(work, 'manifest.txt');
  const entries = Object.entries({ ...attributes, 'Class-Path': 'cloud-firestore-emulator.jar' });
  // A manifest line holds 72 bytes; a longer value continues on lines that start with a space.
  const lines = entries.map(([key, value]) => `${key}: ${value}`.replace(/(.{70})(?=.)/g, '$1\n '));
  writeFileSync(manifest, `${lines.join('\n')}\n`);
  const file = path.join(import.meta.dirname, name);
  execFileSync('jar', [
    '--create',
    '--file',
    file,
    '--no-compress',
    '--manifest',
    manifest,
    `--date=${DATE}`,
    ...content,
  ]);
}

if (import.meta.main) {
  await main(() => {
    build();
    return Promise.resolve(0);
  });
}
