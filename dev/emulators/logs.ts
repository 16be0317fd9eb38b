/** Keeps the output of firebase-tools, the emulators and the functions in a file, and quotes it if something fails. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.ts';

/** Logs of failed runs that are kept. */
const KEPT = 10;

/** A new, empty log. Names sort by time. */
export function newLogFile(): string {
  const directory = path.join(CACHE, 'emulators', 'logs');
  mkdirSync(directory, { recursive: true });
  const old = readdirSync(directory).sort().slice(0, -KEPT);
  for (const name of old) rmSync(path.join(directory, name), { force: true });
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  const file = path.join(directory, `${time}-${process.pid}.log`);
  writeFileSync(file, '');
  return file;
}

/** An error that says where the log is and quotes its end. */
export function errorWithLog(what: string, logFile: string): Error {
  const lines = relevantLines(readFileSync(logFile, 'utf8')).map((line) => `    ${line}`);
  return new Error(`${what}; the log is ${path.relative(process.cwd(), logFile)} and ends with:\n${lines.join('\n')}`);
}

/** Lines that say nothing about a failure. */
const NOISE =
  /^[\s\d.]*$|[─│]|override detected|MOTD|not currently authenticated|sun\.misc\.Unsafe|Shutting down|: Stopping /;

/** The last lines that matter, shortened to what fits a terminal or two. */
export function relevantLines(log: string, count = 12): string[] {
  return log
    .split('\n')
    .filter((line) => !NOISE.test(line))
    .slice(-count)
    .map((line) => line.slice(0, 300));
}
