/**
 * Packages that are bundled in the tarball, without files that no deployment reads. onnxruntime-node alone brings five platforms and a
 * second copy of one library: 288 MB, of which Google's machines need 46.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { FUNCTIONS } from '../paths.ts';
import { withoutInstallers } from './dependencies.ts';

/**
 * The platforms on which it runs: Google's machines, and the usual ones of developers. docs/operations.md says what to do on
 * others.
 */
const PLATFORMS = ['linux/x64', 'darwin/arm64'] as const;

/** Paths within each package, from its root. `package.json` and licences are always kept. */
const KEPT: Readonly<Record<string, readonly RegExp[]>> = {
  'onnxruntime-node': [
    /^dist\/\w+\.(js|d\.ts)$/,
    ...PLATFORMS.map((platform) => new RegExp(`^bin/napi-v\\d+/${platform}/(?!libonnxruntime\\.\\d+\\.\\d+)`)),
  ],
  'onnxruntime-common': [/^dist\/cjs\/.+\.(js|json|d\.ts)$/],
  // It is loaded with `noworker` and `nothreads`, so its other builds are not needed.
  '@libav.js/variant-fat': [/^dist\/libav-[\d.]+-fat(\.(wasm|simd)\.(js|wasm)|\.js)$/],
  '@libav.js/variant-obsolete': [/^dist\/libav-([\d.]+-)?obsolete(\.wasm\.(js|wasm)|\.js)$/],
  // Its documentation and examples are ten times its code.
  'fluent-ffmpeg': [/^index\.js$/, /^lib\/.+\.js(on)?$/],
  '@deepgram/sdk': [/^dist\/esm\/[^/]+$/],
  libflacjs: [/^dist\/libflac\.wasm\.(js|wasm)$/],
};

const LICENCE = /^(licen[cs]e|notice|copying)/i;

export const BUNDLED: ReadonlySet<string> = new Set(Object.keys(KEPT));

const manifestSchema = z.looseObject({ dependencies: z.record(z.string(), z.string()).optional() });

/** Copies the packages into `node_modules` of the package. */
export function copyBundled(target: string): void {
  for (const [name, kept] of Object.entries(KEPT)) {
    const source = path.join(FUNCTIONS, 'node_modules', name);
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (file) => kept.some((pattern) => pattern.test(file)) || (LICENCE.test(file) && !file.includes('/')),
    );
    const found = kept.filter((pattern) => !files.some((file) => pattern.test(file)));
    if (found.length > 0) throw new Error(`${name} has no file ${String(found[0])}: look at what it consists of now.`);
    const folder = path.join(target, 'node_modules', name);
    for (const file of files) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      if (!existsSync(path.join(folder, file)))
        cpSync(path.join(source, file), path.join(folder, file), { recursive: true });
    }
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8')));
    const { scripts: _, devDependencies: __, ...rest } = manifest;
    const dependencies = withoutInstallers(name, manifest.dependencies ?? {});
    writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify({ ...rest, dependencies }, null, 2)}\n`);
  }
}
