/** Files that exist completely or not at all, also after the machine lost its power. For Node. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** The ending of files that are not complete yet. */
export const TEMPORARY = '.tmp';
/** Files that are open at once, because a process may have only so many. */
const CONCURRENCY = 16;

/** Does work for each item, on a few at a time. */
export async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

/** Creates directories, and deletes the files in them that a crash left half-written. */
export async function prepareDirectories(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await mkdir(directory, { recursive: true });
    const torn = (await readdir(directory)).filter((name) => name.endsWith(TEMPORARY));
    await Promise.all(torn.map((name) => rm(path.join(directory, name), { force: true })));
  }
}

/** Writes a file under another name, flushes it to disk and renames it. */
export async function writeWhole(
  target: string,
  content: AsyncIterable<Uint8Array> | readonly (string | Uint8Array)[],
) {
  const temporary = `${target}.${randomUUID()}${TEMPORARY}`;
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, target);
}

/** Flushes renames and deletions to disk. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
