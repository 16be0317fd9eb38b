/** Builds the functions for one suite. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { say, since } from '../console.ts';
import { FUNCTIONS } from '../paths.ts';
import { builtOnce } from './builtOnce.ts';

const BUILD = path.join(FUNCTIONS, 'build.mjs');

/**
 * Builds `functions/src` into `lib` of the staged package, as deploying does: once for all suites of this process.
 * @throws Error with the compiler's messages.
 */
export async function buildFunctions(staged: string, signal: AbortSignal): Promise<void> {
  await buildLib(path.join(staged, 'lib'), signal);
}

const buildLib = builtOnce(async (lib, signal) => {
  const started = Date.now();
  say.doing('Building the functions …');
  const child = spawn(process.execPath, [BUILD, '--outdir', lib], { stdio: ['ignore', 'inherit', 'pipe'], signal });
  const output: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', () => {
      reject(signal.reason as Error);
    });
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The functions do not compile:\n${Buffer.concat(output).toString().trimEnd()}`);
  say.done(`Functions built (${since(started)}).`);
});

/** Builds again whenever a source changes, and prints its errors. @returns a function that stops it */
export function watchFunctions(staged: string): () => void {
  const child = spawn(process.execPath, [BUILD, '--outdir', path.join(staged, 'lib'), '--watch'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', stop);
  return () => {
    process.off('exit', stop);
    stop();
  };
}
