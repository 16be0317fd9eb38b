/** Builds the functions for one suite. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { say, since } from '../console.ts';
import { FUNCTIONS } from '../paths.ts';

/** Compiles `functions/src` to `lib` in the staged package. @throws Error with the compiler's messages. */
export async function buildFunctions(staged: string, signal: AbortSignal): Promise<void> {
  const started = Date.now();
  say.doing('Building the functions …');
  const child = spawn(process.execPath, compilerArguments(staged), {
    cwd: FUNCTIONS,
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', () => {
      reject(signal.reason as Error);
    });
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The functions do not compile:\n${Buffer.concat(output).toString().trimEnd()}`);
  say.done(`Functions built (${since(started)}).`);
}

/** Compiles again whenever a source changes, and prints what is wrong with it. Returns how to stop. */
export function watchFunctions(staged: string): () => void {
  const child = spawn(process.execPath, [...compilerArguments(staged), '--watch', '--preserveWatchOutput'], {
    cwd: FUNCTIONS,
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

/** Incremental, so that watching begins where the build ended; and broken code never replaces code that works. */
function compilerArguments(staged: string): string[] {
  const compiler = path.join(FUNCTIONS, 'node_modules/typescript/bin/tsc');
  const output = ['--outDir', path.join(staged, 'lib'), '--tsBuildInfoFile', path.join(staged, '.tsbuildinfo')];
  return [compiler, '-p', 'tsconfig.json', ...output, '--incremental', '--noEmitOnError', '--pretty', 'false'];
}
