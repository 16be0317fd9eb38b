/**
 * `node build.mjs [--outdir lib] [--watch]`: builds what is deployed. `src` and the packages that it imports become a few files,
 * because most of a cold start is finding, reading and linking some thousand of them (docs/performance.md has the figures).
 * What `src` imports only when it is needed stays a package.
 *
 * Types are checked at the same time, and what does not compile never replaces what does. Files that stay the same are not
 * touched: the emulator reloads functions whose files change. Plain JavaScript, because deploying runs it with whatever Node
 * there is.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { context, formatMessages } from 'esbuild';

const SOURCE = import.meta.dirname;

/** What others import by its path, and keeps its place below `lib`: the platform, worker threads and the bench. */
const ENTRIES = [
  'index',
  'platform',
  'worker/processJob',
  'transcription/configured',
  'audio/detect/listenerPool',
  'audio/detect/listenWorker',
  'transcription/local/recogniserPool',
  'transcription/local/recogniseWorker',
  'audio/read/containers/sandbox',
  'audio/read/containers/sandboxWorker',
];

/** Native code and WebAssembly: packages too. They load with the first audio. */
const EXTERNAL = ['onnxruntime-node', 'libflacjs', 'opus-decoder'];

/**
 * What packages bring along and nothing here calls: the Realtime Database; clients that administer
 * Firestore or speak an older version of it, and what google-gax knows of IAM, locations and long-running operations for them;
 * URLs for Nodes before 10, in node-fetch; XML, for what Storage's client uploads in several parts at once.
 */
const ABSENT =
  /^@firebase\/database-compat|\/protos\/(iam_service|locations|operations)$|\/firestore_admin_client$|\/v1beta1$|^(whatwg-url|fast-xml-parser)$/;

/** A function that only who turns App Check on calls: the package is in the bundle, and runs when that is called. */
const LATE = /^jwks-rsa$/;

/** What CommonJS packages expect around them. https://github.com/evanw/esbuild/issues/1921 */
const COMMONJS = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

const { values } = parseArgs({
  options: { outdir: { type: 'string', default: 'lib' }, watch: { type: 'boolean', default: false } },
});
const outdir = path.resolve(SOURCE, values.outdir);

/** What the compiler says; nothing where types are right. */
async function checkTypes() {
  const compiler = path.join(SOURCE, 'node_modules/typescript-native/bin/tsc');
  const notes = ['--incremental', '--tsBuildInfoFile', path.join(outdir, '.tsbuildinfo')];
  // Several threads each check the same types again: with two processors they are not faster, and cost nearly twice as much.
  const options = ['--pretty', 'false', '--singleThreaded', ...notes];
  const child = spawn(process.execPath, [compiler, '-p', 'tsconfig.json', ...options], {
    cwd: SOURCE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return code === 0 ? '' : output.trimEnd();
}

/** Changes nothing that need not change, and leaves nothing of a build before. */
async function write(files) {
  const wanted = new Set(files.map((file) => file.path));
  for (const file of files) {
    const present = await readFile(file.path).catch(() => null);
    if (present !== null && Buffer.compare(present, file.contents) === 0) continue;
    await mkdir(path.dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
  }
  for (const entry of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (/\.js(\.map)?$/.test(entry.name) && !wanted.has(file)) await rm(file);
  }
}

/**
 * What is imported with `import()` becomes a file of its own, and CommonJS in one has no names:
 * https://github.com/evanw/esbuild/issues/3245. Of `src` it is a package; packages do so once, in gaxios, and get the name.
 */
const imported = {
  name: 'imported when needed, or never',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ kind, path: name, importer, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      if (importer.startsWith(path.join(SOURCE, 'src'))) return { path: name, external: true };
      return name === 'https-proxy-agent' ? { path: name, namespace: 'named', pluginData: resolveDir } : undefined;
    });
    build.onResolve({ filter: ABSENT }, ({ path: name }) => ({ path: name, namespace: 'absent' }));
    build.onResolve({ filter: LATE }, ({ path: name, namespace, resolveDir }) =>
      namespace === 'late' ? undefined : { path: name, namespace: 'late', pluginData: resolveDir },
    );
    build.onLoad({ filter: /^/, namespace: 'late' }, ({ path: name, pluginData: resolveDir }) => ({
      contents: `module.exports = (...args) => require('${name}')(...args);`,
      resolveDir,
    }));
    build.onLoad({ filter: /^/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /^/, namespace: 'named' }, ({ path: name, pluginData: resolveDir }) => ({
      contents: `export { HttpsProxyAgent } from '${name}';`,
      resolveDir,
    }));
  },
};

/** Entry points that are CommonJS in spite of the above: an importer would find none of their exports by name. */
function nameless({ inputs, outputs }) {
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  return entries.filter((entry) => inputs[entry]?.format === 'cjs');
}

let failed = false;

const checked = {
  name: 'checked',
  setup(build) {
    let types = Promise.resolve('');
    build.onStart(() => {
      types = checkTypes();
    });
    build.onEnd(async ({ errors, outputFiles, metafile }) => {
      const complaints = [
        await types,
        ...(await formatMessages(errors, { kind: 'error' })),
        ...(errors.length > 0 ? [] : nameless(metafile)).map(
          (file) => `${file} is CommonJS, and imported with import().`,
        ),
      ].filter((text) => text !== '');
      const isMended = failed && complaints.length === 0;
      failed = complaints.length > 0;
      if (failed) console.error(complaints.join('\n'));
      else await write(outputFiles);
      if (isMended) console.log('✓ The functions compile again.');
    });
  },
};

await mkdir(outdir, { recursive: true });
const build = await context({
  absWorkingDir: SOURCE,
  entryPoints: ENTRIES.map((entry) => ({ in: `src/${entry}.ts`, out: entry })),
  outdir,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: EXTERNAL,
  banner: { js: COMMONJS },
  // Less to read and to compile. Names stay, so that a stack says something; the maps say the rest.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  write: false,
  metafile: true,
  logLevel: 'silent',
  plugins: [imported, checked],
});
if (values.watch) {
  await build.watch();
} else {
  await build.rebuild().catch(() => undefined); // What was wrong has been said.
  await build.dispose();
  process.exitCode = failed ? 1 : 0;
}
