/** `expo-sqlite` and `expo-file-system` as in React Native, built on Node: the same database engine, and real files. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExpoDatabase, ExpoFileSystem, ExpoSqlite } from '../../src/react-native.ts';

/** A process that dies after so many steps, which are statements and writes of files. Promises that it awaits then never settle. */
export class ExpoProcess {
  readonly #open = new Set<DatabaseSync>();
  #left: number;
  #die: () => void = () => undefined;
  readonly death = new Promise<void>((resolve) => {
    this.#die = resolve;
  });

  constructor(steps = Infinity) {
    this.#left = steps;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  async step(): Promise<void> {
    await turn(); // On a device, each step is a trip to another thread.
    this.#left -= 1;
    if (this.isDead) this.kill();
    await this.alive(undefined);
  }

  /** The same value while the process lives; a promise that never settles afterwards. */
  alive<T>(value: T): Promise<T> {
    return this.isDead ? new Promise(() => undefined) : Promise.resolve(value);
  }

  opened(db: DatabaseSync): void {
    this.#open.add(db);
  }

  /** Closes its connections, and reverts transactions that are not committed. */
  kill(): void {
    this.#left = -1;
    this.#die();
    for (const db of this.#open) db.close();
    this.#open.clear();
  }
}

/** @param root directory of databases and documents @param fails whether a statement is to fail */
export function expoModules(
  root: string,
  fails: (sql: string) => boolean = () => false,
  owner = new ExpoProcess(),
): { sqlite: ExpoSqlite; fileSystem: ExpoFileSystem } {
  const open = async (name: string): Promise<ExpoDatabase> => {
    await owner.step();
    const db = new DatabaseSync(path.join(root, name));
    owner.opened(db);
    const run = async <T>(sql: string, work: () => T): Promise<T> => {
      await owner.step();
      if (fails(sql)) throw new Error('database or disk is full');
      return work();
    };
    return {
      execAsync: (sql) =>
        run(sql, () => {
          db.exec(sql);
        }),
      runAsync: (sql, params) => run(sql, () => db.prepare(sql).run(...params)),
      getAllAsync: <T>(sql: string, params: (string | number)[]) =>
        run(sql, () => db.prepare(sql).all(...params) as T[]),
      withTransactionAsync: async (task) => {
        db.exec('BEGIN');
        try {
          await task();
          await owner.step();
          db.exec('COMMIT');
        } catch (error) {
          db.exec('ROLLBACK');
          throw error;
        }
      },
      closeAsync: () =>
        run('', () => {
          db.close();
        }),
    };
  };
  return { sqlite: { openDatabaseAsync: open }, fileSystem: fileSystem(root, owner) };
}

function fileSystem(root: string, owner: ExpoProcess): ExpoFileSystem {
  class File {
    readonly #path: string;
    constructor(uri: string) {
      this.#path = fileURLToPath(uri);
    }
    get exists(): boolean {
      return existsSync(this.#path);
    }
    async write(content: Uint8Array): Promise<void> {
      // A process may die while it writes a file.
      writeFileSync(this.#path, content.subarray(0, content.length / 2));
      await owner.step();
      writeFileSync(this.#path, content);
    }
    open() {
      const file = openSync(this.#path, 'r');
      const handle = {
        offset: 0 as number | null,
        readBytes: async (length: number) => {
          await turn();
          const bytes = new Uint8Array(length);
          const count = readSync(file, bytes, 0, length, handle.offset ?? 0);
          return bytes.subarray(0, count);
        },
        close: () => {
          closeSync(file);
        },
      };
      return handle;
    }
    delete(): void {
      rmSync(this.#path);
    }
  }
  class Directory {
    readonly #path: string;
    constructor(uri: string) {
      this.#path = fileURLToPath(uri);
    }
    get exists(): boolean {
      return existsSync(this.#path);
    }
    create(): void {
      mkdirSync(this.#path, { recursive: true });
    }
    list(): { readonly name: string }[] {
      return readdirSync(this.#path).map((name) => ({ name }));
    }
  }
  return { File, Directory, Paths: { document: { uri: pathToFileURL(`${root}/`).href } } };
}
