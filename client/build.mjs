/**
 * `npm run build`: makes the package that apps install, in `dist`: compiled code with its types, as ES modules and as CommonJS. The
 * contract, which is not published, is a bundled dependency. `npm run pack:client` in the root packs it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const CLIENT = import.meta.dirname;
const CONTRACT = path.join(CLIENT, '../contract');
const DIST = path.join(CLIENT, 'dist');

const readManifest = (directory) => JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));

/** `./src/name.ts` as it is published: ES modules beside the manifest, CommonJS in `cjs`. */
const published = (file) => {
  const name = file.replace(/^\.\/src\/(.+)\.ts$/, '$1');
  const conditions = (directory) => ({ types: `${directory}/${name}.d.ts`, default: `${directory}/${name}.js` });
  return { import: conditions('.'), require: conditions('./cjs') };
};

/** The manifest of a package whose sources became the files beside it. */
function writeManifest(directory, manifest, more = {}) {
  const { name, version, description, license, type, sideEffects, engines, peerDependencies, dependencies } = manifest;
  const exports = Object.fromEntries(Object.entries(manifest.exports).map(([key, file]) => [key, published(file)]));
  // Compilers and bundlers that do not know `exports` find the entry by `main`, and `…/firebase` as the file of that name.
  const entry = { main: './index.js', types: './index.d.ts' };
  const { keywords, repository } = manifest;
  const about = { name, version, description, license, keywords, repository };
  const fields = { ...about, type, sideEffects, exports, ...entry, engines, peerDependencies, dependencies, ...more };
  writeJson(path.join(directory, 'package.json'), fields);
  writeJson(path.join(directory, 'cjs/package.json'), { type: 'commonjs', sideEffects });
}

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

const compiler = path.join(CLIENT, '../node_modules/typescript-native/bin/tsc');

/** @throws when TypeScript has a complaint, which it has printed. */
function compile(...args) {
  const { status } = spawnSync(process.execPath, [compiler, ...args], { cwd: CLIENT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

// Only what is there now may be in the package.
for (const directory of [DIST, path.join(CONTRACT, 'dist')]) rmSync(directory, { recursive: true, force: true });
compile('-b', '--force', 'tsconfig.build.node.json');
compile('-p', path.join(CONTRACT, 'tsconfig.cjs.json'));
compile('-p', 'tsconfig.build.cjs.json');

const contract = readManifest(CONTRACT);
const bundled = path.join(DIST, 'node_modules', contract.name);
mkdirSync(bundled, { recursive: true });
cpSync(path.join(CONTRACT, 'dist'), bundled, { recursive: true });
writeManifest(bundled, contract);
writeManifest(DIST, readManifest(CLIENT), { bundleDependencies: [contract.name] });
for (const file of ['README.md', '../LICENSE']) cpSync(path.join(CLIENT, file), path.join(DIST, path.basename(file)));
