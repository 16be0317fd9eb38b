/** Bundles the script of each worker process into one file, from which it starts in half of the time. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

/** Variables that packages expect that are not ES modules. */
const COMMONJS = `
import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;`;

export const WORKER_SCRIPTS = ['worker', 'uploader'] as const;
export type WorkerScript = (typeof WORKER_SCRIPTS)[number];

/** Writes `worker.mjs` and `uploader.mjs`. */
export async function bundleWorkers(directory: string): Promise<void> {
  await build({
    entryPoints: WORKER_SCRIPTS.map((name) => path.join(import.meta.dirname, `${name}.ts`)),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: COMMONJS },
    plugins: [whereTheyWere, native],
    logLevel: 'error',
  });
}

/** Our own files keep their paths, by which they find models and samples. */
const whereTheyWere: Plugin = {
  name: 'where-they-were',
  setup(bundle) {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const contents = source
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href));
      return { contents, loader: 'ts' };
    });
  },
};

/** Packages with a binary are not bundled. */
const native: Plugin = {
  name: 'native',
  setup(bundle) {
    bundle.onResolve({ filter: /^(onnxruntime-node|ffmpeg-static)$/ }, ({ path: name, importer }) => ({
      path: resolveFrom(importer, name),
      external: true,
    }));
  },
};

function resolveFrom(importer: string, name: string): string {
  try {
    return pathToFileURL(createRequire(importer).resolve(name)).href;
  } catch {
    return name; // An optional package that is not installed here.
  }
}
