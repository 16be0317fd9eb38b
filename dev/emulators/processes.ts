/** Ends everything that a suite started, however it was started. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Environment variable that every process of a suite inherits; its value is the suite's own directory. */
export const SUITE_MARK = 'OFFLINE_SYNC_SUITE';

/**
 * Kills every process of a suite and waits until none is left.
 *
 * firebase-tools starts its Java processes detached and its workers on demand, so neither process groups nor parents lead to all of
 * them; an inherited environment variable does. They are killed, because nothing that emulators store is kept.
 */
export async function killSuite(directory: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; ;) {
    const pids = killSuiteNow(directory);
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`These processes of the emulators do not end: ${pids.join(', ')}.`);
    await delay(20);
  }
}

/** One pass of {@link killSuite}; synchronous, so that an `exit` handler can call it. @returns the ids that it found */
export function killSuiteNow(directory: string): number[] {
  const pids = suiteProcesses(directory);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  return pids;
}

/** Ids of the living processes of a suite. */
export function suiteProcesses(directory: string): number[] {
  return processesWith(`${SUITE_MARK}=${directory}`);
}

/** Ids of the living processes that have this in their environment. @param mark as `NAME=value`. */
export function processesWith(mark: string): number[] {
  return existsSync('/proc/self/environ') ? searchProc(mark) : searchPs(mark);
}

function searchProc(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        return false; // It has ended, or it is another user's.
      }
    })
    .map(Number);
}

/** macOS: `-E` adds the environment of one's own processes to their command line. */
function searchPs(mark: string): number[] {
  return execFileSync('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\n')
    .filter((line) => line.split(' ').includes(mark))
    .map((line) => Number.parseInt(line, 10));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
