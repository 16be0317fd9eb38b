/** Runs `npm ci` in the directories whose `node_modules` are not what their lock file asks for. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from './places.mjs';
import { runQuietly } from './runQuietly.mjs';

/** @typedef {Record<string, { version?: string, link?: boolean, optional?: boolean, devOptional?: boolean, os?: string | string[], cpu?: string | string[], dependencies?: object, devDependencies?: object, optionalDependencies?: object }>} Packages */

/**
 * Packages that the lock file asks for and that are not there, or not at that version by npm's own record of `node_modules`.
 * @param {string} directory
 */
function missingPackages(directory) {
  /** @param {string} file @returns {Packages} */
  const read = (file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')).packages;
  const wanted = read('package-lock.json');
  const record = path.join('node_modules', '.package-lock.json');
  const installed = existsSync(path.join(directory, record)) ? read(record) : {};
  const root = wanted[''];
  const ours = Object.entries(wanted).flatMap(([key, entry]) => (key.includes('node_modules/') ? [] : [entry]));
  const direct = Object.assign({}, ...ours.flatMap((entry) => [entry.dependencies, entry.devDependencies]));
  return Object.entries(wanted).filter(([key, { version, optional, devOptional, os, cpu }]) => {
    const name = key.replace('node_modules/', '');
    if (!key.startsWith('node_modules/')) return false; // This package itself, and those of the workspace.
    // Optional packages may be missing: a download failed. Our own for this system, such as Node itself, may not.
    const forThisSystem = [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
    if (optional && !(forThisSystem && name in { ...root?.optionalDependencies })) return false;
    // A package that an optional one wants may be missing too, unless it is also one of our own development tools.
    if (devOptional && !(name in direct)) return false;
    // The record may name what is not there: `npm install --package-lock-only` writes it, too.
    return installed[key]?.version !== version || !existsSync(path.join(directory, key));
  });
}

/**
 * npm ci leaves a workspace's own `node_modules` alone, although packages in it shadow those that the lock file asks for.
 * @param {string} directory
 */
function removeStaleModules(directory) {
  const { packages } = JSON.parse(readFileSync(path.join(directory, 'package-lock.json'), 'utf8'));
  const keys = Object.keys(packages);
  for (const workspace of keys.filter((key) => key !== '' && !key.includes('node_modules'))) {
    const modules = `${workspace}/node_modules`;
    if (keys.some((key) => key.startsWith(`${modules}/`))) continue;
    rmSync(path.join(directory, modules), { recursive: true, force: true });
  }
}

/**
 * @param {string} directory
 * @param {string} what for the lines that are printed
 * @throws {Error} with what npm printed
 */
export async function installPackagesOf(directory, what) {
  if (missingPackages(directory).length === 0) return;
  const where = path.relative(ROOT, directory) || 'the repository root';
  console.log(`• Installing ${what} (npm ci in ${where}) …`);
  removeStaleModules(directory);
  const started = Date.now();
  // npm must not run on the Node that it is about to delete.
  const outside = (process.env['PATH'] ?? '').split(path.delimiter).filter((entry) => !entry.includes('node_modules'));
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const env = { ...process.env, PATH: outside.join(path.delimiter) };
  const { status, output } = await runQuietly('npm', args, { cwd: directory, env });
  if (status !== 0) {
    throw new Error(
      `${output.trim()}\nnpm ci failed in ${where}; the lines above say why. Then run the same command again.`,
    );
  }
  console.log(`✓ Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s.`);
}
