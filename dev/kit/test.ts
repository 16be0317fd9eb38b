/**
 * `npm run test:kit`: installs the package as an app does. It packs the package, compares it with what this repository deploys, and
 * publishes it to a registry of the test's own. The pinned firebase-tools installs it into an empty project, where only the sign-in is
 * replaced. The test merges the rules, checks what would be deployed, and runs the journey of `npm run demo` in the emulators, beside
 * functions of the app.
 *
 * It is a program and not a mocha suite, because each step needs the one before. It takes minutes. `-- --tarball <path>` takes a
 * package that was packed before, and `--without-emulators` leaves the last step out.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { say, since } from '../console.ts';
import { showJourney } from '../demo/show.ts';
import { chooseEmulatorPrograms, findDownloads } from '../emulators/downloads.ts';
import { spawnFirebase, untilReady } from '../emulators/firebaseTools.ts';
import { newLogFile } from '../emulators/logs.ts';
import { reservePorts } from '../emulators/ports.ts';
import { killSuite } from '../emulators/processes.ts';
import { environmentFor } from '../emulators/suite.ts';
import { LISTENERS, type Ports } from '../emulators/workspace.ts';
import { main } from '../main.ts';
import { FUNCTIONS, PROJECT_ID, ROOT } from '../paths.ts';
import { run } from '../process.ts';
import { findJava } from '../setup/java.mjs';
import { createApp, OWN_RULES, PREFIX, REGION_OF_APP, shareModules } from './app.ts';
import { functionNames } from './declarations.ts';
import { packKit } from './pack.ts';
import { startRegistry } from './registry.ts';
import { KIT } from './names.ts';
import { STAGED, stageKit } from './stage.ts';
import { uploadedFiles } from './uploaded.ts';

const FIREBASE_TOOLS = path.join(ROOT, 'node_modules/firebase-tools');
const START_LIMIT_MS = 300_000;

/** The size limit of a kit with all its dependencies, megabytes. */
const SIZE_LIMIT_MB = 250;

const CONFIG_DIRECTORY = path.join('function-kits', KIT, `config-${KIT}`);
const SOURCE_DIRECTORY = path.join('function-kits', KIT, 'source');

const { values } = parseArgs({
  options: { 'without-emulators': { type: 'boolean', default: false }, tarball: { type: 'string' } },
});

async function test(folder: string, ports: Ports, registryPort: number, signal: AbortSignal): Promise<number> {
  const app = path.join(folder, 'app');
  createApp(app, ports);
  const tarball = await step('The package is packed', async () => {
    if (values.tarball !== undefined) return path.resolve(values.tarball);
    await stageKit(STAGED, signal);
    return packKit(STAGED, folder);
  });
  if (values.tarball === undefined)
    await step('This repository deploys the same', () => compareWithDeployment(STAGED, signal));
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', cwd: ROOT }).trim();
  const registry = await startRegistry(path.join(folder, 'registry'), registryPort, upstream);
  try {
    await step('It is published', () => registry.publish(tarball, signal));
    await step('firebase-tools installs and builds it', () => install(app, registry.env, signal));
  } finally {
    registry.stop();
  }
  await step('It is small enough', () => {
    checkSize(app);
  });
  await step('It merges its rules into those of the app', () => mergeRules(app, signal));
  await step('What would be deployed is right', () => {
    checkDiscovery(app);
  });
  if (values['without-emulators']) return 0;
  return step('It passes the journey in the emulators', () => journey(app, ports, signal));
}

async function step<T>(title: string, act: () => Promise<T> | T): Promise<T> {
  const started = Date.now();
  say.doing(`${title} …`);
  const result = await act();
  say.done(`${title} (${since(started)}).`);
  return result;
}

/** The command as a person types it, who then puts the settings into their place. */
async function install(app: string, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const command = ['functions:kits:install', '--package', KIT, '--project', PROJECT_ID];
  const args = [
    '--require',
    path.join(import.meta.dirname, 'signedIn.cjs'),
    path.join(FIREBASE_TOOLS, 'lib/bin/firebase.js'),
  ];
  const code = await run(process.execPath, [...args, ...command, '--no-configure', '--non-interactive', '--force'], {
    cwd: app,
    env: { ...env, FIREBASE_TOOLS, FIREBASE_CLI_EXPERIMENTS: 'kits', XDG_CONFIG_HOME: app, NO_UPDATE_NOTIFIER: '1' },
    signal,
  });
  assert.equal(code, 0, 'firebase functions:kits:install');
  const settings = readFileSync(path.join(app, SOURCE_DIRECTORY, 'node_modules', KIT, 'settings.env.example'), 'utf8');
  const chosen = settings.replace(/^FUNCTION_DEFAULT_REGION=.*$/m, `FUNCTION_DEFAULT_REGION=${REGION_OF_APP}`);
  writeFileSync(path.join(app, CONFIG_DIRECTORY, `.env.${PROJECT_ID}`), chosen);
  shareModules(app);
}

function checkSize(app: string): void {
  const modules = path.join(app, SOURCE_DIRECTORY, 'node_modules');
  const megabytes = Number(execFileSync('du', ['-sm', modules], { encoding: 'utf8' }).split('\t')[0]);
  say.note(`${megabytes} MB with TypeScript, firebase-functions and firebase-admin.`);
  assert.ok(megabytes < SIZE_LIMIT_MB, `${megabytes} MB`);
}

async function mergeRules(app: string, signal: AbortSignal): Promise<void> {
  const tool = path.join(app, SOURCE_DIRECTORY, 'node_modules/.bin', KIT);
  for (const args of [['merge-rules'], ['merge-rules', '--write'], ['merge-rules', '--write']]) {
    const before = readFileSync(path.join(app, 'firestore.rules'), 'utf8');
    const code = await run(process.execPath, [tool, ...args], { cwd: app, signal, onOutput: () => undefined });
    assert.equal(code, 0, args.join(' '));
    if (args.length === 1)
      assert.equal(readFileSync(path.join(app, 'firestore.rules'), 'utf8'), before, 'not without --write');
  }
  const rules = readFileSync(path.join(app, 'firestore.rules'), 'utf8');
  assert.ok(rules.includes('match /posts/{post}') && rules.startsWith(OWN_RULES.split('}\n}')[0] ?? ''));
  assert.equal(rules.split('match /offline_sync_jobs/{jobId}').length, 2, 'once');
}

const discoverySchema = z.object({
  codebases: z.array(z.string()),
  endpoints: z.array(
    z.looseObject({
      id: z.string(),
      platform: z.string(),
      region: z.string(),
      secretEnvironmentVariables: z.array(z.looseObject({ key: z.string(), secret: z.string() })).optional(),
    }),
  ),
  params: z.array(z.looseObject({ name: z.string(), type: z.string() })),
  requiredAPIs: z.array(z.object({ api: z.string() })),
  requiredRoles: z.array(z.string()),
});

/**
 * Checks that `firebase deploy` of this repository uploads the build and the models of the package, byte for byte, and no code
 * that is not in it.
 */
async function compareWithDeployment(staged: string, signal: AbortSignal): Promise<void> {
  const code = await run('npm', ['--prefix', FUNCTIONS, 'run', '--silent', 'build'], { cwd: ROOT, signal });
  assert.equal(code, 0, 'the predeploy command of firebase.json');
  const uploaded = await uploadedFiles();
  const packed = globSync(['{lib,models}/**', 'README.md'], { cwd: staged, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(staged, path.join(entry.parentPath, entry.name)));
  assert.deepEqual(uploaded, packed.sort());
  for (const file of packed) {
    const [inPackage, inUpload] = [staged, FUNCTIONS].map((folder) => readFileSync(path.join(folder, file)));
    assert.ok(inUpload?.equals(inPackage ?? Buffer.of()), `${file} is another one in the package`);
  }
  say.note(`${packed.length} files.`);
}

/** Checks what firebase-tools would deploy, with and without a service that needs a key. */
function checkDiscovery(app: string): void {
  const local = discover(app);
  assert.deepEqual(local.codebases.sort(), ['app', KIT]);
  const exported = functionNames().map((name) => `${PREFIX}${name}`);
  assert.deepEqual(local.endpoints.map(({ id }) => id).sort(), exported.sort());
  for (const { id, platform, region } of local.endpoints) {
    assert.deepEqual([platform, region], ['gcfv2', REGION_OF_APP], id);
  }
  assert.ok(local.params.some(({ name }) => name === 'FUNCTION_DEFAULT_REGION') && local.params.length > 30);
  assert.ok(
    local.params.every(({ type }) => type !== 'secret'),
    'no secret that is not needed',
  );
  assert.ok(local.requiredRoles.includes('roles/datastore.user'));
  assert.ok(local.requiredAPIs.some(({ api }) => api === 'firestore.googleapis.com'));

  const file = path.join(app, CONFIG_DIRECTORY, `.env.${PROJECT_ID}`);
  const settings = readFileSync(file, 'utf8');
  writeFileSync(file, settings.replace(/^TRANSCRIBER=.*$/m, 'TRANSCRIBER=deepgram'));
  const deepgram = discover(app);
  writeFileSync(file, settings);
  const task = deepgram.endpoints.find(({ id }) => id === `${PREFIX}processSyncJob`);
  assert.deepEqual(
    task?.secretEnvironmentVariables?.map(({ key, secret }) => [key, secret]),
    [['DEEPGRAM_API_KEY', `${PREFIX}DEEPGRAM_API_KEY`]],
  );
  assert.ok(deepgram.params.some(({ name, type }) => name === 'DEEPGRAM_API_KEY' && type === 'secret'));
}

function discover(app: string) {
  const output = execFileSync(
    process.execPath,
    [path.join(import.meta.dirname, 'discover.cjs'), app, PROJECT_ID, KIT],
    {
      cwd: app,
      encoding: 'utf8',
      env: { ...process.env, FIREBASE_TOOLS, XDG_CONFIG_HOME: app, FUNCTIONS_DISCOVERY_TIMEOUT: '120' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // firebase-tools prints its progress first.
  return discoverySchema.parse(JSON.parse(output.slice(output.indexOf('{"codebases"'))));
}

async function journey(app: string, ports: Ports, signal: AbortSignal): Promise<number> {
  // Settings of the emulators alone: they would ask for nothing else.
  cpSync(path.join(app, CONFIG_DIRECTORY, `.env.${PROJECT_ID}`), path.join(app, CONFIG_DIRECTORY, '.env.local'));
  const java = findJava();
  if (java === null) throw new Error('The emulators need Java.');
  const programs = await chooseEmulatorPrograms(findDownloads());
  const workspace = { directory: app, config: path.join(app, 'firebase.json'), temporary: path.join(app, 'tmp') };
  const logFile = newLogFile();
  const child = spawnFirebase(workspace, java, { ...programs.env, FIREBASE_CLI_EXPERIMENTS: 'kits' });
  try {
    await untilReady(child, { logFile, functionsPort: ports.functions, limitMs: START_LIMIT_MS, signal });
    const hello = await fetch(`http://127.0.0.1:${ports.functions}/${PROJECT_ID}/${DEFAULT_REGION}/hello`);
    assert.equal(await hello.text(), 'hello', 'the functions of the app run beside the kit');
    const isRight = await showJourney(environmentFor(ports, undefined), 'bounded', signal);
    if (isRight) rmSync(logFile, { force: true });
    else say.note(`Log of the emulators and functions: ${path.relative(process.cwd(), logFile)}`);
    return isRight ? 0 : 1;
  } finally {
    await killSuite(app);
  }
}

await main(async (signal) => {
  // Short, because paths of Unix sockets below it hold about 100 bytes.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kit-'));
  const block = await reservePorts(LISTENERS.length + 1);
  const ports = Object.fromEntries(LISTENERS.map((name, i) => [name, block.ports[i]])) as Ports;
  try {
    return await test(folder, ports, block.ports[LISTENERS.length] ?? 0, signal);
  } finally {
    await block.release();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
