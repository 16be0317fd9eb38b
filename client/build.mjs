/**
 * `npm run build`: makes the package that apps install, in `dist`. It is compiled code with its types; the contract, which is not
 * published, comes along as a bundled dependency. Pack it with `npm pack ./client/dist`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

const CLIENT = import.meta.dirname;
const CONTRACT = path.join(CLIENT, '../contract');
const DIST = path.join(CLIENT, 'dist');

const readManifest = (directory) => JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));

/** `./src/name.ts` as it is published. */
const published = (file) => {
  const name = file.replace(/^\.\/src\/(.+)\.ts$/, './$1');
  return { types: `${name}.d.ts`, default: `${name}.js` };
};

/** The manifest of a package whose sources became the files beside it. */
function writeManifest(directory, manifest, more = {}) {
  const { name, version, description, license, type, sideEffects, engines, peerDependencies, dependencies } = manifest;
  const exports = Object.fromEntries(Object.entries(manifest.exports).map(([key, file]) => [key, published(file)]));
  const fields = {
    name,
    version,
    description,
    license,
    type,
    sideEffects,
    exports,
    engines,
    peerDependencies,
    dependencies,
  };
  writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify({ ...fields, ...more }, null, 2)}\n`);
}

// Only what is there now may be in the package.
for (const directory of [DIST, path.join(CONTRACT, 'dist')]) rmSync(directory, { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-b', '--force', 'tsconfig.build.node.json'], {
  cwd: CLIENT,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);

const contract = readManifest(CONTRACT);
const bundled = path.join(DIST, 'node_modules', contract.name);
mkdirSync(bundled, { recursive: true });
cpSync(path.join(CONTRACT, 'dist'), bundled, { recursive: true });
writeManifest(bundled, contract);
writeManifest(DIST, readManifest(CLIENT), { bundleDependencies: [contract.name] });
for (const file of ['README.md', '../LICENSE']) cpSync(path.join(CLIENT, file), path.join(DIST, path.basename(file)));
