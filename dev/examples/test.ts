/**
 * `npm run test:examples [-- --only web]`: builds each example with the packed client library, in a folder outside of the
 * repository; checks what generators make of the OpenAPI document; and runs against a suite what can run. It needs the npm
 * registry.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { say, since } from '../console.ts';
import { withSuite } from '../emulators/withSuite.ts';
import { main } from '../main.ts';
import { ROOT } from '../paths.ts';
import { findJava } from '../setup/java.mjs';
import { checkModels, checkTypeScript } from './generate.ts';
import { compileKotlin, tryKotlin } from './kotlin.ts';
import { checkSyntax } from './syntax.ts';
import { tryWeb } from './web.ts';

const EXAMPLES = path.join(ROOT, 'examples');
/** The examples that use the client library. */
const BUILT = ['expo', 'gateway', 'web'] as const;

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const isWanted = (name: string): boolean => values.only?.includes(name) ?? true;

await main(async (signal) => {
  const found = findJava();
  if (found === null) throw new Error('The generator and the emulators need Java.');
  const java = path.join(found.home, 'bin/java');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'examples-'));
  try {
    await step('models', 'Generating models of the OpenAPI document', () => {
      checkModels(java, folder);
      checkTypeScript(folder);
    });
    await step('syntax', 'Reading Dart and Swift, which cannot be compiled here', () =>
      checkSyntax({
        dart: path.join(EXAMPLES, 'dart/lib/sync_client.dart'),
        swift: path.join(EXAMPLES, 'swift/SyncClient.swift'),
      }),
    );
    const packed = BUILT.some(isWanted) ? packClient(folder) : '';
    for (const name of BUILT) {
      await step(name, `Building examples/${name}`, () => {
        buildExample(name, folder, packed);
      });
    }
    await step('expo', 'Bundling examples/expo by Metro, with package exports and without', () => {
      const script = path.join(import.meta.dirname, 'metro.cjs');
      execFileSync(process.execPath, [script, path.join(folder, 'expo')], { stdio: ['ignore', 'ignore', 'inherit'] });
    });
    const classPath = await step('kotlin', 'Compiling examples/kotlin', () => compileKotlin(java, folder));
    if (!isWanted('kotlin') && !isWanted('web')) return 0;
    return await withSuite({ ports: 'free', signal }, async ({ env }) => {
      await step('kotlin', 'Killing and starting the Kotlin client', () =>
        tryKotlin(java, classPath ?? '', folder, env),
      );
      await step('web', 'Uploading by the service worker', () =>
        tryWeb(path.join(folder, 'web'), env, (directory) => {
          npm(['run', '--silent', 'build'], directory);
        }),
      );
      return 0;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function step<T>(name: string, title: string, act: () => Promise<T> | T): Promise<T | undefined> {
  if (!isWanted(name)) return undefined;
  const started = Date.now();
  say.doing(`${title} …`);
  const result = await act();
  say.done(`${title} (${since(started)}).`);
  return result;
}

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** @returns the packed client library */
function packClient(folder: string): string {
  npm(['run', '--silent', 'build', '-w', 'client'], ROOT);
  npm(['pack', '--silent', './client/dist', '--pack-destination', folder], ROOT);
  return path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

function buildExample(name: string, folder: string, packed: string): void {
  const copy = path.join(folder, name);
  cpSync(path.join(EXAMPLES, name), copy, { recursive: true });
  // For type checking, native modules need neither peers nor install scripts.
  const options = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--silent'];
  npm(['install', ...options, packed], copy);
  npm(['run', '--silent', 'build'], copy);
}
