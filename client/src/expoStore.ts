/** A store for React Native: entries in `expo-sqlite`, audio in files of `expo-file-system`. */
import { parseJsonObject } from './answer.ts';
import { bytesOf } from './bytes.ts';
import { ExpoConnection } from './expoConnection.ts';
import type { ExpoDatabase, ExpoSqlite } from './expoConnection.ts';
import { randomId } from './randomId.ts';
import type { RecordingStore, StoredValue } from './store.ts';

export interface ExpoFileHandle {
  offset: number | null;
  /** A promise from version 58 on. */
  readBytes(length: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  close(): void;
}

export interface ExpoFile {
  readonly exists: boolean;
  /** A promise from version 58 on. */
  write(content: Uint8Array): void | Promise<void>;
  open(): ExpoFileHandle;
  delete(): void;
}

export interface ExpoDirectory {
  readonly exists: boolean;
  create(options: { intermediates: boolean }): void;
  list(): { readonly name: string }[];
}

/** The part of the module `expo-file-system` that is used. */
export interface ExpoFileSystem {
  readonly File: new (uri: string) => ExpoFile;
  readonly Directory: new (uri: string) => ExpoDirectory;
  readonly Paths: { readonly document: { readonly uri: string } };
}

export interface ExpoStoreOptions {
  /** The user whose recordings it keeps. */
  readonly uid: string;
  /** `import * as SQLite from 'expo-sqlite'` */
  readonly sqlite: ExpoSqlite;
  /** `import * as FileSystem from 'expo-file-system'` */
  readonly fileSystem: ExpoFileSystem;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS audio (id TEXT PRIMARY KEY NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL);
`;

interface AudioRow {
  readonly file: string;
  readonly size: number;
}

/**
 * The database decides what exists. Audio is first written to a new file, and exists as soon as a transaction has stored the file's
 * name. A file that no row names was left by a process that died in between; the next start deletes it.
 */
export function expoStore({ uid, sqlite, fileSystem }: ExpoStoreOptions): RecordingStore {
  const name = `offline-audio-sync-${fileSafe(uid)}`;
  const root = fileSystem.Paths.document.uri;
  const folder = `${root}${root.endsWith('/') ? '' : '/'}${name}`;
  const fileAt = (file: string): ExpoFile => new fileSystem.File(`${folder}/${file}`);
  const remove = (file: string): void => {
    const left = fileAt(file);
    if (left.exists) left.delete();
  };
  /** Deletes files that no row names. Only once, at the start: later, such a file may be about to be named. */
  const clear = async (db: ExpoDatabase): Promise<void> => {
    const directory = new fileSystem.Directory(folder);
    if (!directory.exists) directory.create({ intermediates: true });
    const named = new Set((await db.getAllAsync<AudioRow>('SELECT file, size FROM audio', [])).map(({ file }) => file));
    for (const { name: file } of directory.list()) if (!named.has(file)) remove(file);
  };
  const database = new ExpoConnection({ sqlite, name: `${name}.db`, schema: SCHEMA, onFirstOpen: clear });

  return {
    entries: () => database.run(readEntries),
    put: (entries) => database.transaction((db) => putEntries(db, entries)),
    remove: (keys) => database.transaction((db) => removeEntries(db, keys)),
    audioIds: () =>
      database.run(async (db) =>
        (await db.getAllAsync<{ id: string }>('SELECT id FROM audio', [])).map(({ id }) => id),
      ),
    putAudio: async (id, audio, entries) => {
      const bytes = await bytesOf(audio);
      const file = randomId();
      await database.run(() => Promise.resolve(fileAt(file).write(bytes)));
      let replaced: AudioRow | undefined;
      try {
        await database.transaction(async (db) => {
          replaced ??= await fileOf(db, id);
          await db.runAsync('INSERT OR REPLACE INTO audio (id, file, size) VALUES (?, ?, ?)', [id, file, bytes.length]);
          await putEntries(db, entries);
        });
      } catch (error) {
        remove(file);
        throw error;
      }
      if (replaced !== undefined) remove(replaced.file);
    },
    readAudio: (id, start, end) =>
      database.run(async (db) => {
        const row = await fileOf(db, id);
        if (row === undefined || !fileAt(row.file).exists) return null;
        const handle = fileAt(row.file).open();
        try {
          handle.offset = start;
          return await handle.readBytes(Math.max(0, Math.min(end, row.size) - start));
        } finally {
          handle.close();
        }
      }),
    removeAudio: async (id, keys) => {
      let removed: AudioRow | undefined;
      await database.transaction(async (db) => {
        removed ??= await fileOf(db, id);
        await db.runAsync('DELETE FROM audio WHERE id = ?', [id]);
        await removeEntries(db, keys);
      });
      if (removed !== undefined) remove(removed.file);
    },
    close: () => database.close(),
  };
}

async function readEntries(db: ExpoDatabase): Promise<Map<string, StoredValue>> {
  const rows = await db.getAllAsync<{ key: string; value: string }>('SELECT key, value FROM entries', []);
  return new Map(
    rows.flatMap(({ key, value }): [string, StoredValue][] => {
      const entry = parseJsonObject(value);
      return entry === null ? [] : [[key, entry]];
    }),
  );
}

async function fileOf(db: ExpoDatabase, id: string): Promise<AudioRow | undefined> {
  return (await db.getAllAsync<AudioRow>('SELECT file, size FROM audio WHERE id = ?', [id]))[0];
}

async function putEntries(db: ExpoDatabase, entries: ReadonlyMap<string, StoredValue>): Promise<void> {
  for (const [key, value] of entries) {
    await db.runAsync('INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)', [key, JSON.stringify(value)]);
  }
}

async function removeEntries(db: ExpoDatabase, keys: readonly string[]): Promise<void> {
  for (const key of keys) await db.runAsync('DELETE FROM entries WHERE key = ?', [key]);
}

/** User ids may have any character but a slash. Characters that file names must not have are encoded. */
function fileSafe(uid: string): string {
  return uid.replace(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
}
