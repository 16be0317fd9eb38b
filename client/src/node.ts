/** A store for Node: files in a directory. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { parseJsonObject } from './answer.ts';
import type { Md5 } from './digest.ts';
import { each, flushDirectory, prepareDirectories, TEMPORARY, writeWhole } from './durableFiles.ts';
import type { RecordingStore, StoredValue } from './store.ts';

/** Entries that are read before other work may run. */
const READ_AT_ONCE = 100;

export interface FileStoreOptions {
  /** The directory of one user, used by one process at a time. It is created if it does not exist. */
  readonly directory: string;
}

/**
 * `entries/{key}.json` and `audio/{id}`. The next start deletes files that a crash left half-written. While audio is added or
 * deleted, `journal/{id}.json` has the entries that are added or deleted with it, so that after a crash the next start deletes the
 * rest.
 */
class StoreDirectory {
  readonly #entries: string;
  readonly #audio: string;
  readonly #journal: string;
  #preparing: Promise<void> | undefined;

  constructor(directory: string) {
    this.#entries = path.join(directory, 'entries');
    this.#audio = path.join(directory, 'audio');
    this.#journal = path.join(directory, 'journal');
  }

  /** Resolves when what a crash left is finished or deleted. */
  prepared(): Promise<void> {
    return (this.#preparing ??= this.#prepare().catch((error: unknown) => {
      this.#preparing = undefined; // The next call tries it again.
      throw error;
    }));
  }

  async readEntries(): Promise<Map<string, StoredValue>> {
    const names = (await readdir(this.#entries)).filter((name) => name.endsWith('.json'));
    const entries = new Map<string, StoredValue>();
    for (const [index, name] of names.entries()) {
      // Small files are read ten times faster one after another than in parallel. This blocks for a few milliseconds at a time.
      if (index % READ_AT_ONCE === 0) await turn();
      const text = readIfThere(path.join(this.#entries, name));
      const value = text === null ? null : parseJsonObject(text);
      if (value !== null) entries.set(decodeURIComponent(name.slice(0, -'.json'.length)), value);
    }
    return entries;
  }

  async putEntries(entries: ReadonlyMap<string, StoredValue>): Promise<void> {
    await each([...entries], ([key, value]) => writeWhole(this.#entryFile(key), [JSON.stringify(value)]));
    await flushDirectory(this.#entries);
  }

  async removeEntries(keys: readonly string[]): Promise<void> {
    await each(keys, (key) => rm(this.#entryFile(key), { force: true }));
    await flushDirectory(this.#entries);
  }

  async audioIds(): Promise<string[]> {
    return (await readdir(this.#audio)).filter((name) => !name.endsWith(TEMPORARY)).map(decodeURIComponent);
  }

  audioFile(id: string): string {
    return path.join(this.#audio, encodeURIComponent(id));
  }

  /** Changes audio together with entries. @param keys those of the entries */
  async changeAudio(id: string, keys: readonly string[], change: () => Promise<void>): Promise<void> {
    await writeWhole(this.#journalFile(id), [JSON.stringify({ keys })]);
    await flushDirectory(this.#journal);
    await change();
    await flushDirectory(this.#audio);
    await rm(this.#journalFile(id));
  }

  #entryFile(key: string): string {
    return path.join(this.#entries, `${encodeURIComponent(key)}.json`);
  }

  #journalFile(id: string): string {
    return path.join(this.#journal, `${encodeURIComponent(id)}.json`);
  }

  async #prepare(): Promise<void> {
    await prepareDirectories([this.#entries, this.#audio, this.#journal]);
    // Operating systems put files of their own everywhere.
    const names = (await readdir(this.#journal)).filter((name) => name.endsWith('.json'));
    await each(names, (name) => this.#finishInterruptedChange(decodeURIComponent(name.slice(0, -'.json'.length))));
  }

  /** Finishes a change of audio that a crash has interrupted: what is incomplete is deleted. */
  async #finishInterruptedChange(id: string): Promise<void> {
    const keys = (parseJsonObject(await readFile(this.#journalFile(id), 'utf8'))?.['keys'] ?? []) as readonly string[];
    const isWhole = [this.audioFile(id), ...keys.map((key) => this.#entryFile(key))].every((file) => existsSync(file));
    if (!isWhole) {
      await this.removeEntries(keys);
      await rm(this.audioFile(id), { force: true });
    }
    await rm(this.#journalFile(id));
  }
}

/** A store in a directory. Each file exists completely or not at all, also after a crash. */
export function fileStore({ directory }: FileStoreOptions): RecordingStore {
  const files = new StoreDirectory(directory);
  return {
    entries: async () => {
      await files.prepared();
      return files.readEntries();
    },
    put: async (entries) => {
      await files.prepared();
      await files.putEntries(entries);
    },
    remove: async (keys) => {
      await files.prepared();
      await files.removeEntries(keys);
    },
    audioIds: async () => {
      await files.prepared();
      return files.audioIds();
    },
    putAudio: async (id, audio, entries) => {
      await files.prepared();
      await files.changeAudio(id, [...entries.keys()], async () => {
        await writeWhole(files.audioFile(id), audio instanceof Blob ? audio.stream() : [audio]);
        await files.putEntries(entries);
      });
    },
    readAudio: async (id, start, end) => {
      const file = await open(files.audioFile(id)).catch(nullIfMissing);
      if (file === null) return null;
      try {
        const { bytesRead, buffer } = await file.read(new Uint8Array(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    removeAudio: async (id, keys) => {
      await files.prepared();
      if (keys.length === 0) return rm(files.audioFile(id), { force: true });
      await files.changeAudio(id, keys, async () => {
        await files.removeEntries(keys);
        await rm(files.audioFile(id), { force: true });
      });
    },
  };
}

/** MD5 of Node, many times faster than the one in JavaScript. */
export function nodeMd5(): Md5 {
  return createHash('md5');
}

/** @returns null if it was removed after it was listed. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return nullIfMissing(error as NodeJS.ErrnoException);
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
