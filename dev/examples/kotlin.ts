/**
 * Runs the Kotlin client, compiled with its generated models, against the suite. It is killed in the middle of an upload, and
 * started again.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { signUp } from '../demo/api.ts';
import { OPERATOR } from '../demo/firestore.ts';
import { ROOT } from '../paths.ts';
import { SAMPLES_DIR } from '../samples/samples.ts';
import { openGate } from './gate.ts';
import { generateModels, generatorJar } from './generate.ts';
import { fetchPackage } from './packages.ts';

/** The compiler of JetBrains. */
const COMPILER = 'kotlin-compiler@2.4.20';
const PROPERTIES = 'serializationLibrary=jackson,dateLibrary=java8,packageName=sync,enumPropertyNaming=UPPERCASE';

/** A sample that is uploaded in more than one piece. */
const SAMPLE = 'memo_1749660600.wav';

/** @returns the class path of what was compiled */
export function compileKotlin(java: string, folder: string): string {
  const models = path.join(folder, 'kotlin-models');
  generateModels(java, 'kotlin', models, PROPERTIES);
  const home = fetchPackage(COMPILER);
  const jars = readdirSync(path.join(home, 'lib')).map((name) => path.join(home, 'lib', name));
  const compiled = path.join(folder, 'kotlin');
  const sources = [path.join(ROOT, 'examples/kotlin'), path.join(models, 'src/main/kotlin')];
  const options = ['-kotlin-home', home, '-nowarn', '-cp', generatorJar(), '-d', compiled];
  const program = ['-Xmx1g', '-cp', jars.join(':'), 'org.jetbrains.kotlin.cli.jvm.K2JVMCompiler'];
  execFileSync(java, [...program, ...options, ...sources], { stdio: ['ignore', 'ignore', 'pipe'] });
  return [compiled, generatorJar(), path.join(home, 'lib/kotlin-stdlib.jar')].join(':');
}

export async function tryKotlin(
  java: string,
  classPath: string,
  folder: string,
  suite: Readonly<Record<string, string>>,
): Promise<void> {
  const user = await signUp(suite['FIREBASE_AUTH_EMULATOR_HOST'] ?? '', `kotlin-${Date.now()}@example.com`);
  const project = suite['GCLOUD_PROJECT'] ?? '';
  const firestore = `http://${suite['FIRESTORE_EMULATOR_HOST']}`;
  const gate = await openGate({
    functions: suite['FUNCTIONS_EMULATOR_ORIGIN'] ?? '',
    storage: suite['STORAGE_EMULATOR_HOST'] ?? '',
    firestore,
  });
  const kept = path.join(folder, 'kotlin-kept');
  mkdirSync(kept);
  const start = () =>
    spawn(java, ['-cp', classPath, 'sync.TryKt', path.join(SAMPLES_DIR, SAMPLE), kept], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PROJECT_ID: project,
        FUNCTIONS_URL: `${gate.origin}/${project}/${DEFAULT_REGION}`,
        STORAGE_URL: gate.origin,
        FIRESTORE_URL: gate.origin,
        UID: user.uid,
        ID_TOKEN: user.idToken,
      },
    });
  try {
    const first = start();
    gate.admits = (offset) => {
      if (offset === null || offset === 0) return true;
      first.kill('SIGKILL');
      return false;
    };
    await once(first, 'exit');
    assert.deepEqual(gate.offsets, [0], 'it was killed after the first piece');

    gate.admits = () => true;
    const second = start();
    let output = '';
    second.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code] = (await once(second, 'close')) as [number | null];
    assert.equal(code, 0, output);
    assert.deepEqual(gate.offsets, [0, 256 * 1024], 'it goes on where the first one was');
    const printed = `completed: ${SAMPLE} transcribed; 1 new conversations\n0 left\n`;
    assert.ok(output.startsWith('404 job_not_found\n') && output.endsWith(printed), output);

    const device = `${firestore}/v1/projects/${project}/databases/(default)/documents/users/${user.uid}/devices/phone1`;
    const answer = await fetch(device, { headers: { Authorization: `Bearer ${OPERATOR}` } }); // Users write it and do not read it.
    assert.match(await answer.text(), /"token of FCM"/, 'the device is registered');
  } finally {
    gate.close();
  }
}
