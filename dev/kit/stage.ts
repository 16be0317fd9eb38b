/**
 * Makes the npm package `offline-audio-sync` in a folder: the built functions, their models, rules and tool, with everything that they
 * need at run time. It needs no install script, because function kits are installed with `--ignore-scripts`.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { prepareModel } from '../../functions/models/moonshine/prepare.ts';
import { FUNCTIONS, ROOT } from '../paths.ts';
import { run } from '../process.ts';
import { BUNDLED, copyBundled } from './bundled.ts';
import { declarations } from './declarations.ts';
import { functionsManifest, kitDependencies, shrinkwrap } from './dependencies.ts';
import { KIT } from './names.ts';

/** The folder in which `npm run pack:kit` makes it. */
export const STAGED = path.join(FUNCTIONS, 'dist', KIT);

/** Files that are copied unchanged, by their place in the package. */
const COPIED: Readonly<Record<string, string>> = {
  'README.md': 'functions/README.md',
  'CHANGELOG.md': 'CHANGELOG.md',
  LICENSE: 'LICENSE',
  'LICENSES.md': 'docs/LICENSES.md',
  'examples/actionItems.ts': 'functions/examples/actionItems.ts',
  'rules/firestore.rules': 'firestore.rules',
  'rules/storage.rules': 'storage.rules',
  'rules/firestore.indexes.json': 'firestore.indexes.json',
  'settings.env.example': 'functions/.env.example',
  'models/README.md': 'functions/models/README.md',
  'models/silero_vad_v6_sequence.onnx': 'functions/models/silero_vad_v6_sequence.onnx',
};

/** The local recogniser that TRANSCRIBER=auto needs. The other one would make the package larger than a kit should be. */
const LOCAL_MODEL = 'moonshine-tiny-en';

/**
 * @param target a folder; it is emptied first
 * @throws Error if the functions do not compile, or import what the package lacks
 */
export async function stageKit(target: string, signal: AbortSignal): Promise<void> {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  // Where `firebase deploy` builds them: names of chunks depend on the place.
  const code = await run(process.execPath, ['build.mjs'], { cwd: FUNCTIONS, signal });
  if (code !== 0) throw new Error('The functions do not build.');
  const lib = path.join(target, 'lib');
  for (const file of globSync('lib/**/*.js', { cwd: FUNCTIONS }))
    cpSync(path.join(FUNCTIONS, file), path.join(target, file));
  for (const [place, source] of Object.entries(COPIED)) {
    mkdirSync(path.dirname(path.join(target, place)), { recursive: true });
    cpSync(path.join(ROOT, source), path.join(target, place));
  }
  writeFileSync(path.join(target, 'index.d.ts'), declarations());
  await prepareModel(LOCAL_MODEL, path.join(target, 'models'));
  await buildTool(path.join(target, 'bin'));
  copyBundled(target);
  const manifest = kitManifest();
  checkImports(lib, Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  writeJson(path.join(target, 'package.json'), manifest);
  writeJson(path.join(target, 'npm-shrinkwrap.json'), shrinkwrap(manifest, BUNDLED));
}

function kitManifest() {
  const functions = functionsManifest();
  return {
    name: KIT,
    version: functions.version,
    description: 'Recordings made offline become transcribed conversations: a function kit for Firebase.',
    keywords: ['firebase', 'function-kit', 'offline', 'audio', 'recording', 'transcription'],
    license: functions.license,
    type: 'module',
    main: './lib/index.js',
    types: './index.d.ts',
    exports: { '.': { types: './index.d.ts', default: './lib/index.js' }, './package.json': './package.json' },
    bin: { [KIT]: './bin/offline-audio-sync.js' },
    files: [
      'bin',
      'examples',
      'index.d.ts',
      'lib',
      'models',
      'rules',
      'CHANGELOG.md',
      'LICENSES.md',
      'settings.env.example',
      'npm-shrinkwrap.json',
    ],
    engines: { node: '>=22' },
    publishConfig: { access: 'public' },
    ...kitDependencies(functions),
    bundleDependencies: [...BUNDLED],
  };
}

/** The command-line tool, in one file. */
async function buildTool(outdir: string): Promise<void> {
  await build({
    entryPoints: [{ in: path.join(FUNCTIONS, 'cli/main.ts'), out: 'offline-audio-sync' }],
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'error',
  });
}

/** @throws Error if the built code imports a package that would not be installed */
function checkImports(lib: string, installed: readonly string[]): void {
  const packages = installed.map((name) => (name.startsWith('@libav.js/') ? '@libav.js/variant-' : name));
  for (const file of globSync('**/*.js', { cwd: lib })) {
    const code = readFileSync(path.join(lib, file), 'utf8');
    for (const [, name = ''] of code.matchAll(
      /^(?:import|export)\b[^'"\n]*?["']([^"'.][^"'\n]*)["']|\bimport\(["']([^"'.][^"'\n]*)["']\)/gm,
    )) {
      const isKnown =
        name === '' || isBuiltin(name) || packages.some((each) => name === each || name.startsWith(`${each}/`));
      if (!isKnown) throw new Error(`lib/${file} imports ${name}, which the package does not bring.`);
    }
  }
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
