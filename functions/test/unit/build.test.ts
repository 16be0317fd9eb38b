import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { closeAfterEach, removeFolder } from '../../../dev/test/closing.ts';

const FUNCTIONS = path.resolve(import.meta.dirname, '../..');

/** A minimal package that build.mjs can build. */
const SOURCES = {
  'index.ts':
    "import * as z from 'zod';\nexport const read = async () => z.string().parse((await import('./platform.ts')).text);\n",
  'platform.ts': "export const text: string = 'first';\n",
  'worker/processJob.ts': 'export {};\n',
  'transcription/configured.ts': 'export {};\n',
  'audio/detect/listenerPool.ts': "export const worker = new URL('./listenWorker.js', import.meta.url);\n",
  'audio/read/containers/sandbox.ts': "export const worker = new URL('./sandboxWorker.js', import.meta.url);\n",
  'audio/read/containers/sandboxWorker.ts': 'export {};\n',
  'audio/detect/listenWorker.ts': "export { InferenceSession } from 'onnxruntime-node';\n",
  'transcription/local/recogniserPool.ts': "export const worker = new URL('./recogniseWorker.js', import.meta.url);\n",
  'transcription/local/recogniseWorker.ts': "export { InferenceSession } from 'onnxruntime-node';\n",
};

describe('The build of the functions', function () {
  let directory: string;

  const write = async (name: string, text: string): Promise<void> => {
    const file = path.join(directory, 'src', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  const build = () => promisify(execFile)(process.execPath, ['build.mjs'], { cwd: directory });
  const files = async (): Promise<string[]> =>
    (await readdir(path.join(directory, 'lib'), { recursive: true })).toSorted();
  /** Imports the output in a separate process, because a process imports a module only once. */
  const read = async (): Promise<string> => {
    const script = "console.log(await (await import('./lib/index.js')).read())";
    return (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: directory }))
      .stdout;
  };

  const closing = closeAfterEach();
  beforeEach(async () => {
    directory = closing(await realpath(await mkdtemp(path.join(os.tmpdir(), 'build-'))), removeFolder);
    for (const name of ['build.mjs', 'package.json']) await cp(path.join(FUNCTIONS, name), path.join(directory, name));
    const base = await readFile(path.join(FUNCTIONS, '../tsconfig.base.json'), 'utf8');
    const { compilerOptions } = JSON.parse(base) as { compilerOptions: object };
    const tsconfig = { compilerOptions: { ...compilerOptions, noEmit: true }, include: ['src'] };
    await writeFile(path.join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
    await symlink(path.join(FUNCTIONS, 'node_modules'), path.join(directory, 'node_modules'));
    for (const [name, text] of Object.entries(SOURCES)) await write(name, text);
  });

  it('includes the packages that it imports, except for native ones', async () => {
    await build();
    assert.equal(await read(), 'first\n');
    assert.ok((await files()).includes('audio/detect/listenerPool.js'));
    assert.match(
      await readFile(path.join(directory, 'lib/audio/detect/listenWorker.js'), 'utf8'),
      /from ?"onnxruntime-node"/,
    );
    await rm(path.join(directory, 'node_modules'));
    assert.equal(await read(), 'first\n');
  });

  it('leaves out packages that are never called, and runs rarely used ones only when they are called', async () => {
    for (const name of ['whatwg-url', 'jwks-rsa']) {
      const place = path.join(directory, 'src/node_modules', name);
      await mkdir(place, { recursive: true });
      const ran = `process.env.RAN = (process.env.RAN ?? '') + '${name} ran, ';`;
      await writeFile(path.join(place, 'package.json'), JSON.stringify({ name, version: '0.0.0' }));
      await writeFile(path.join(place, 'index.js'), `${ran}\nmodule.exports = (text) => process.env.RAN + text;\n`);
      await writeFile(path.join(place, 'index.d.ts'), 'declare function f(text: string): string;\nexport = f;\n');
    }
    const before = "const before = process.env['RAN'] ?? 'nothing ran, ';";
    const imports = "import 'whatwg-url';\nimport jwks from 'jwks-rsa';\n";
    await write('index.ts', `${imports}${before}\nexport const read = async () => before + jwks('was called');\n`);
    await build();
    assert.equal(await read(), 'nothing ran, jwks-rsa ran, was called\n');
  });

  it('keeps the last working output if the source does not compile, and says what is wrong', async () => {
    await build();
    await write('platform.ts', "export const text: string = 'second'; export const wrong: string = 2;\n");
    await assert.rejects(build(), ({ code, stderr }: { code: number; stderr: string }) => {
      assert.match(stderr, /src\/platform\.ts\(1,\d+\): error TS2322/);
      return code === 1;
    });
    assert.equal(await read(), 'first\n');
    await write('platform.ts', "export { text } from './nowhere.ts';\n");
    await assert.rejects(build(), /nowhere/);
    assert.equal(await read(), 'first\n');
  });

  it('does not touch unchanged files, and deletes files that are no longer built', async () => {
    await build();
    const [before, index] = [await files(), path.join(directory, 'lib/index.js')];
    const { mtimeNs } = await stat(index, { bigint: true });
    await write('platform.ts', "export const text: string = 'third';\n");
    await build();
    assert.equal(await read(), 'third\n');
    assert.equal((await stat(index, { bigint: true })).mtimeNs, mtimeNs);
    await write('index.ts', "export const read = () => Promise.resolve('alone');\n");
    await build();
    assert.equal(await read(), 'alone\n');
    assert.ok((await files()).length < before.length, String(await files()));
  });
});
