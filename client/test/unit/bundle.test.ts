import assert from 'node:assert/strict';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const CLIENT = path.resolve(import.meta.dirname, '../..');

/** Bundles code that uses this library, as an app does. @returns gzipped bytes, without these packages */
async function bundled(
  code: string,
  external: readonly string[] = ['firebase/*'],
): Promise<{ readonly gzipped: number; readonly text: string }> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: CLIENT, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    // Makes the bundler fail on modules that only Node has.
    platform: 'browser',
    external: [...external],
  });
  const [{ contents, text }] = outputFiles as [(typeof outputFiles)[number]];
  return { gzipped: gzipSync(contents, { level: 9 }).length, text };
}

describe('The bundle of an app', () => {
  it('has less than 24.3 kB of this library, gzipped, with all its parts, and less than 25.4 kB with idb', async () => {
    const everything = `
      export * from './src/index.ts';
      export * from './src/firebase.ts';
      export * from './src/indexeddb.ts';
    `;
    const own = await bundled(everything, ['firebase/*', 'idb']);
    assert.ok(own.gzipped < 24_300, `${own.gzipped} bytes`);
    const { gzipped } = await bundled(everything);
    assert.ok(gzipped < 25_400, `${gzipped} bytes`);
    console.log(`      ${own.gzipped} bytes gzipped, ${gzipped} with idb`);
  });

  it('contains only the used parts', async () => {
    const { gzipped, text } = await bundled(`
      import { frameBytes, transcriptOf } from './src/index.ts';
      console.log(frameBytes([]), transcriptOf);
    `);
    assert.ok(gzipped < 1500, `${gzipped} bytes`);
    assert.ok(!text.includes('Idempotency-Key'));
  });
});
