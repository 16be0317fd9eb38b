/**
 * `node models/prepare.mjs`: makes the local recogniser's model that a deployment needs, before it is uploaded; no other is left. Which
 * one, the settings say, in the files that `firebase deploy` reads: none where a service is named as TRANSCRIBER.
 *
 * Plain JavaScript, like `build.mjs`: deploying runs it with any Node. What it bundles is TypeScript.
 */
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { build } from 'esbuild';

const MODELS = import.meta.dirname;
const FUNCTIONS = path.dirname(MODELS);
const SIZES = ['tiny', 'base'];

/** @param {string} file */
function readEnvFile(file) {
  try {
    return parseEnv(readFileSync(path.join(FUNCTIONS, file), 'utf8'));
  } catch {
    return {};
  }
}

/** Settings as firebase-tools reads them: the file of the project wins. */
function settings() {
  const project = process.env['GCLOUD_PROJECT'];
  return { ...readEnvFile('.env'), ...(project === undefined ? {} : readEnvFile(`.env.${project}`)) };
}

/** The code that makes models, in a file that can find its packages. */
async function loadPrepare() {
  const cache = path.join(FUNCTIONS, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(path.join(cache, 'prepare-'));
  try {
    const outfile = path.join(directory, 'prepare.mjs');
    await build({
      entryPoints: [path.join(MODELS, 'moonshine/prepare.ts')],
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const { TRANSCRIBER: transcriber = 'auto', LOCAL_MODEL: size = 'tiny' } = settings();
const isLocal = transcriber === 'auto' || transcriber === 'local';
for (const other of SIZES) {
  if (!isLocal || other !== size) rmSync(path.join(MODELS, `moonshine-${other}-en`), { recursive: true, force: true });
}
if (isLocal) {
  if (!SIZES.includes(size)) throw new Error(`LOCAL_MODEL is ${size}: it is one of ${SIZES.join(', ')}.`);
  const { prepareModel } = await loadPrepare();
  const isBuilt = await prepareModel(`moonshine-${size}-en`, MODELS);
  console.log(`✓ The local recogniser (${size}) is ${isBuilt ? 'built' : 'there'}.`);
}
