/**
 * Prepares everything that a script needs, then runs it: programs of the machine, packages of the lock files, and the Node version
 * that is deployed (an npm package), which strips types by itself.
 *
 * Plain JavaScript without dependencies: it runs on a clean checkout with any Node from 20.11 on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { installPackagesOf } from './install.mjs';
import { FFMPEG_STATIC_DIRECTORY } from './machine.mjs';
import { FUNCTIONS, ROOT } from './places.mjs';
import { PLANS } from './plan.mjs';
import { downloadPrerequisites, planPrerequisites } from './prepare.mjs';
import { bypassProxyForLoopback } from './proxy.mjs';

const LOCAL_BIN = path.join(ROOT, 'node_modules', '.bin');

/** The first Node that strips types without a flag. */
const STRIPS_TYPES = [22, 18];

const USAGE = `Usage: node dev/run.mjs [--needs ${Object.keys(PLANS).join(',')}] <script> [arguments]`;

/**
 * @param {readonly string[]} argv
 * @returns {{ needs: import('./plan.mjs').Need[], script: string, args: readonly string[] }}
 */
function parse(argv) {
  const [needs = '', ...rest] = argv[0] === '--needs' ? argv.slice(1) : ['', ...argv];
  const [script, ...args] = rest;
  if (script === undefined) throw new Error(USAGE);
  const known = /** @type {import('./plan.mjs').Need[]} */ (Object.keys(PLANS));
  const named = needs.split(',').filter((need) => need !== '');
  const unknown = named.find((need) => !known.some((name) => name === need));
  if (unknown !== undefined) throw new Error(`There is no need "${unknown}". ${USAGE}`);
  return { needs: known.filter((need) => named.includes(need)), script, args };
}

/** The deployed Node if npm has it for this system; else the current one, if it can run the sources. */
function chooseNode() {
  const local = path.join(LOCAL_BIN, 'node');
  if (spawnSync(local, ['--version']).status === 0) return local;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = STRIPS_TYPES;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) {
    console.log(`! npm has no Node for ${process.platform} ${process.arch}; ${process.version} runs instead.`);
    return process.execPath;
  }
  throw new Error(
    `npm has no Node for ${process.platform} ${process.arch}, and ${process.version} is too old for the sources: install Node ${readFileSync(path.join(ROOT, '.nvmrc'), 'utf8').trim()}.`,
  );
}

/**
 * @param {string} node
 * @param {string} script
 * @param {readonly string[]} args
 */
function run(node, script, args) {
  const paths = [path.dirname(node), process.env['PATH'], FFMPEG_STATIC_DIRECTORY];
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.resolve(ROOT, script), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...bypassProxyForLoopback(process.env), PATH: paths.join(path.delimiter) },
  });
  // The child decides when it ends: it must stop the emulators first.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  // npm and its shell end at a SIGTERM and do not pass the signal on. This process then gets another parent.
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] !== undefined) {
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
  }
  child.on('error', (error) => {
    console.error(`✗ Cannot run ${script}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

try {
  const { needs, script, args } = parse(process.argv.slice(2));
  const { packages, downloads } = await planPrerequisites(needs);
  // Both run in parallel: most of the time they wait for the network and the disk.
  await Promise.all([
    packages,
    installPackagesOf(ROOT, 'the workspace: tools, client, console'),
    installPackagesOf(FUNCTIONS, 'the dependencies of the functions'),
  ]);
  if (downloads.length > 0) await downloadPrerequisites(downloads);
  run(chooseNode(), script, args);
} catch (error) {
  // The last line is ours; what is before it is what another program printed.
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  const sentence = lines.pop() ?? '';
  if (lines.length > 0) console.error(lines.join('\n'));
  console.error(`✗ ${sentence}`);
  process.exit(1);
}
