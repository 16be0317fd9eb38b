/**
 * The way into every root npm script: `node dev/run.mjs <script> [arguments]`.
 *
 * Plain JavaScript without dependencies, because it has to run on a clean checkout with any Node from 20 on. It installs
 * what the lock files ask for and is not there yet, then runs the script on the Node version that is deployed (npm
 * package `node`), which strips types by itself. That version also comes first on the PATH of everything below.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const ROOT = path.resolve(import.meta.dirname, '..');
const LOCAL_BIN = path.join(ROOT, 'node_modules', '.bin');

/** Packages that the lock file wants and npm's own record of `node_modules` does not have at that version. */
function missingPackages(directory) {
  const read = (file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')).packages;
  const wanted = read('package-lock.json');
  const record = path.join('node_modules', '.package-lock.json');
  const installed = existsSync(path.join(directory, record)) ? read(record) : {};
  const direct = { ...wanted[''].dependencies, ...wanted[''].devDependencies };
  return Object.keys(wanted).filter((key) => {
    // Optional packages may be missing: other platforms' binaries, or a download that failed.
    if (key === '' || wanted[key].optional) return false;
    // So may what somebody optional wants, and a development tool too, unless it is one of ours.
    if (wanted[key].devOptional && !(key.replace('node_modules/', '') in direct)) return false;
    return installed[key]?.version !== wanted[key].version;
  });
}

async function install(directory, what) {
  if (missingPackages(directory).length === 0) return;
  console.log(`• Installing ${what} (npm ci in ${path.relative(ROOT, directory) || 'the repository root'}) …`);
  const started = Date.now();
  // npm must not run on the Node that it is about to delete.
  const outside = process.env.PATH.split(path.delimiter).filter((entry) => !entry.includes('node_modules'));
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    env: { ...process.env, PATH: outside.join(path.delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status) => resolve(status === 0 ? null : output.trim()));
  });
  if (failure !== null) {
    console.error(failure);
    console.error(`✗ npm ci failed in ${directory}; the lines above say why.`);
    process.exit(1);
  }
  console.log(`✓ Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s.`);
}

function run(script, args) {
  const child = spawn(
    path.join(LOCAL_BIN, 'node'),
    ['--disable-warning=ExperimentalWarning', path.resolve(ROOT, script), ...args],
    {
      stdio: 'inherit',
      env: { ...process.env, PATH: [LOCAL_BIN, process.env.PATH].join(path.delimiter) },
    },
  );
  // The child decides when it is done: it has emulators to stop first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm ends at a SIGTERM, and its shell with it, without passing the signal on to us: losing our parent tells us the same.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
  }
  child.on('error', (error) => {
    console.error(`✗ Cannot run ${script}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  console.error(
    `✗ Node 20.11 or newer is needed to set things up, this is ${process.version}: see https://nodejs.org/.`,
  );
  process.exit(1);
}
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('Usage: node dev/run.mjs <script> [arguments]');
  process.exit(1);
}
// At once: most of it is waiting for the registry and the disk.
await Promise.all([
  install(ROOT, 'the development tools'),
  install(path.join(ROOT, 'functions'), 'the dependencies of the functions'),
  install(path.join(ROOT, 'client'), 'the dependencies of the client'),
  install(path.join(ROOT, 'web'), 'the dependencies of the console'),
]);
run(script, args);
