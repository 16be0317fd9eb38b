import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { defineConfig, type Plugin } from 'vite';

const ROOT = import.meta.dirname;
const PUBLIC = path.join(ROOT, 'public');

/** What the settings of the functions say (docs/operations.md, "Another region"): the file of the project wins. */
function regionOfFunctions(): string | undefined {
  const project = process.env['GCLOUD_PROJECT'];
  const files = ['.env', ...(project === undefined ? [] : [`.env.${project}`])].map((name) =>
    path.join(ROOT, '../functions', name),
  );
  const settings = files.filter((file) => existsSync(file)).map((file) => parseEnv(readFileSync(file, 'utf8')));
  return settings.reduce((region: string | undefined, each) => each['FUNCTION_DEFAULT_REGION'] ?? region, undefined);
}

const region = process.env['VITE_FUNCTIONS_REGION'] ?? regionOfFunctions();
// Vite gives variables of this prefix to the console.
if (region !== undefined) process.env['VITE_FUNCTIONS_REGION'] = region;

export default defineConfig({
  root: ROOT,
  publicDir: PUBLIC,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The client library is read from its sources: it must not bring a second firebase along.
  resolve: { dedupe: ['firebase'] },
  build: {
    target: 'es2022',
    // A profile (npm run bench:console -- --profile …) tells the functions by their names.
    minify: process.env['CONSOLE_PROFILE'] === undefined,
    assetsInlineLimit: 0, // The Content-Security-Policy knows no data: URLs but for images.
    modulePreload: {
      polyfill: false,
      // What a part imports is found when it is there, and comes from the service worker then. To look for it takes a slow processor longer.
      resolveDependencies: (_, parts, { hostType }) => (hostType === 'html' ? parts : []),
    },
    rolldownOptions: {
      input: { index: path.join(ROOT, 'index.html'), sw: path.join(ROOT, 'src/workers/sw.ts') },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  plugins: [precache()],
});

/** Writes into the service worker what belongs to this build: so every build is a new service worker, and only then. */
function precache(): Plugin {
  return {
    name: 'precache',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = Object.values(bundle).find(({ fileName }) => fileName === 'sw.js');
        if (worker?.type !== 'chunk') throw new Error('There is no service worker in the build.');
        const hash = createHash('sha256');
        const built = Object.values(bundle).filter((file) => file !== worker);
        for (const file of built) hash.update(file.type === 'chunk' ? file.code : file.source);
        const files = readdirSync(PUBLIC).sort();
        for (const file of files) hash.update(readFileSync(path.join(PUBLIC, file)));
        const paths = [...built.map(({ fileName }) => fileName), ...files].filter(
          (file) => !/\.map$|404\.html$/.test(file),
        );
        const precached = JSON.stringify({
          version: hash.digest('base64url').slice(0, 12),
          paths: paths.map((file) => (file === 'index.html' ? '/' : `/${file}`)).sort(),
        });
        const code = worker.code.replace('__PRECACHE__', () => precached);
        if (code === worker.code) throw new Error('The service worker has no place for what it is to keep.');
        worker.code = code;
      },
    },
  };
}
