/** A store for Node: files in a directory. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { parseJsonObject } from './answer.ts';
import type { Md5 } from './digest.ts';
import type { RecordingStore, StoredValue } from './store.ts';

export interface FileStoreOptions {
  /** The directory of one user, used by one process at a time. It is created if it does not exist. */
  readonly directory: string;
}

/**
 * `entries/{key}.json` and `audio/{id}`. A file is written under another name, flushed to disk and renamed, so that it exists
 * completely or not at all. The next start deletes files that a crash left half-written. While audio is added or deleted,
 * `journal/{id}.json` has the entries that are added or deleted with it, so that after a crash the next start deletes the rest.
 */
export function fileStore({ directory }: FileStoreOptions): RecordingStore {
  const entriesDir = path.join(directory, 'entries');
  const audioDir = path.join(directory, 'audio');
  const journalDir = path.join(directory, 'journal');
  const entryFile = (key: string): string => path.join(entriesDir, `${encodeURIComponent(key)}.json`);
  const audioFile = (id: string): string => path.join(audioDir, encodeURIComponent(id));
  const journalFile = (id: string): string => path.join(journalDir, `${encodeURIComponent(id)}.json`);
  let preparing: Promise<void> | undefined;
  const prepared = (): Promise<void> =>
    (preparing ??= prepare([entriesDir, audioDir, journalDir])
      .then(async () => {
        // Operating systems put files of their own everywhere.
        const names = (await readdir(journalDir)).filter((name) => name.endsWith('.json'));
        await each(names, async (name) => {
          await finishInterruptedChange(decodeURIComponent(name.slice(0, -'.json'.length)));
        });
      })
      .catch((error: unknown) => {
        preparing = undefined; // The next call tries it again.
        throw error;
      }));

  const putEntries = async (entries: ReadonlyMap<string, StoredValue>): Promise<void> => {
    await each([...entries], ([key, value]) => writeWhole(entryFile(key), [JSON.stringify(value)]));
    await flushDirectory(entriesDir);
  };
  const removeEntries = async (keys: readonly string[]): Promise<void> => {
    await each(keys, (key) => rm(entryFile(key), { force: true }));
    await flushDirectory(entriesDir);
  };
  const journaled = async (id: string, keys: readonly string[], change: () => Promise<void>): Promise<void> => {
    await writeWhole(journalFile(id), [JSON.stringify({ keys })]);
    await flushDirectory(journalDir);
    await change();
    await flushDirectory(audioDir);
    await rm(journalFile(id));
  };
  /** Finishes a change of audio that a crash has interrupted: what is incomplete is deleted. */
  const finishInterruptedChange = async (id: string): Promise<void> => {
    const keys = (parseJsonObject(await readFile(journalFile(id), 'utf8'))?.['keys'] ?? []) as readonly string[];
    const isWhole = [audioFile(id), ...keys.map(entryFile)].every((file) => existsSync(file));
    if (!isWhole) {
      await removeEntries(keys);
      await rm(audioFile(id), { force: true });
    }
    await rm(journalFile(id));
  };

  return {
    entries: async () => {
      await prepared();
      const names = (await readdir(entriesDir)).filter((name) => name.endsWith('.json'));
      const entries = new Map<string, StoredValue>();
      for (const [index, name] of names.entries()) {
        // Small files are read ten times faster one after another than in parallel. This blocks for a few milliseconds at a time.
        if (index % READ_AT_ONCE === 0) await turn();
        const text = readIfThere(path.join(entriesDir, name));
        const value = text === null ? null : parseJsonObject(text);
        if (value !== null) entries.set(decodeURIComponent(name.slice(0, -'.json'.length)), value);
      }
      return entries;
    },
    put: async (entries) => {
      await prepared();
      await putEntries(entries);
    },
    remove: async (keys) => {
      await prepared();
      await removeEntries(keys);
    },
    audioIds: async () => {
      await prepared();
      return (await readdir(audioDir)).filter((name) => !name.endsWith(TEMPORARY)).map(decodeURIComponent);
    },
    putAudio: async (id, audio, entries) => {
      await prepared();
      await journaled(id, [...entries.keys()], async () => {
        await writeWhole(audioFile(id), audio instanceof Blob ? audio.stream() : [audio]);
        await putEntries(entries);
      });
    },
    readAudio: async (id, start, end) => {
      const file = await open(audioFile(id)).catch(nullIfMissing);
      if (file === null) return null;
      try {
        const { bytesRead, buffer } = await file.read(new Uint8Array(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    removeAudio: async (id, keys) => {
      await prepared();
      if (keys.length === 0) return rm(audioFile(id), { force: true });
      await journaled(id, keys, async () => {
        await removeEntries(keys);
        await rm(audioFile(id), { force: true });
      });
    },
  };
}

/** MD5 of Node, many times faster than the one in JavaScript. */
export function nodeMd5(): Md5 {
  return createHash('md5');
}

const TEMPORARY = '.tmp';
/** Files that are open at once, because a process may have only so many. */
const CONCURRENCY = 16;

/** Entries that are read before other work may run. */
const READ_AT_ONCE = 100;

/** @returns null if it was removed after it was listed. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return nullIfMissing(error as NodeJS.ErrnoException);
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

async function prepare(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await mkdir(directory, { recursive: true });
    const torn = (await readdir(directory)).filter((name) => name.endsWith(TEMPORARY));
    await Promise.all(torn.map((name) => rm(path.join(directory, name), { force: true })));
  }
}

async function writeWhole(target: string, content: AsyncIterable<Uint8Array> | readonly (string | Uint8Array)[]) {
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
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
