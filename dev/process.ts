/** Runs other programs until they end, or a signal ends them. */
import { spawn } from 'node:child_process';
import os from 'node:os';

export interface RunOptions {
  readonly cwd: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program, and everything it started, when it aborts. */
  readonly signal: AbortSignal;
  /** Receives the output of the program; without it, the output goes to that of this process. */
  readonly onOutput?: (text: string) => void;
  /** Whether the program, with everything it starts, runs only while other programs leave a processor free. Default: false. */
  readonly givesWay?: boolean;
}

/** Local programs have no Google Cloud around them. Without this setting, libraries look for it, wait and warn. */
export const NO_CLOUD = { METADATA_SERVER_DETECTION: 'none' } as const;

/** How long a program may take to end by itself before it is killed, milliseconds. */
const GRACE_MS = 3000;

const BELOW_NORMAL = os.constants.priority.PRIORITY_BELOW_NORMAL;

/**
 * Runs a program with the input of this process, and with its output unless `onOutput` takes it.
 * @returns the exit code; 1 if a signal ended the program
 * @throws the signal's reason if it aborted; Error if the program cannot be started
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<number> {
  const { cwd, env, signal, onOutput, givesWay = false } = options;
  signal.throwIfAborted();
  // The program gets a separate process group, so that processes which it leaves behind can be ended, too.
  const output = onOutput === undefined ? 'inherit' : 'pipe';
  const child = spawn(file, args, {
    cwd,
    stdio: ['inherit', output, output],
    detached: true,
    env: { ...process.env, ...env },
  });
  // Before it starts threads and processes, which inherit the priority.
  if (givesWay && child.pid !== undefined) os.setPriority(child.pid, Math.max(os.getPriority(), BELOW_NORMAL));
  if (onOutput !== undefined) {
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onOutput);
  }
  const end = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group has no processes left.
    }
  };
  const kill = (): void => {
    end('SIGKILL');
  };
  const onAbort = (): void => {
    end('SIGTERM');
    setTimeout(kill, GRACE_MS).unref();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  process.once('exit', kill);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', kill); // A process that it left behind would keep its output open.
      child.once('close', (status) => {
        resolve(status ?? 1);
      });
    });
    signal.throwIfAborted();
    return code;
  } finally {
    signal.removeEventListener('abort', onAbort);
    process.off('exit', kill);
    kill();
  }
}
