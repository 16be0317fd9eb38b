/**
 * Packages that only the test of the examples needs. They are downloaded from the npm registry when it runs, and kept in
 * `.cache`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.ts';

/** @param spec `name@version`, exactly. @returns the package's directory */
export function fetchPackage(spec: string): string {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const directory = path.join(CACHE, 'examples', spec.replaceAll('/', '+'));
  if (!existsSync(directory)) {
    const work = `${directory}.${process.pid}`;
    mkdirSync(work, { recursive: true });
    try {
      const options = ['--prefix', work, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--silent'];
      execFileSync('npm', ['install', ...options, spec], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
      renameSync(work, directory);
    } catch (error) {
      if (!existsSync(directory)) throw error; // Else another process was faster.
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return path.join(directory, 'node_modules', name);
}
