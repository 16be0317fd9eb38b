/** The connection to a database of `expo-sqlite`. It is opened again when the system has closed it. */
import { isFull } from './overflow.ts';
import { Mutex, systemClock, within } from './time.ts';

/** The part of a database of `expo-sqlite` that is used. */
export interface ExpoDatabase {
  execAsync(source: string): Promise<void>;
  runAsync(source: string, params: (string | number)[]): Promise<unknown>;
  getAllAsync<T>(source: string, params: (string | number)[]): Promise<T[]>;
  withTransactionAsync(task: () => Promise<void>): Promise<void>;
  closeAsync(): Promise<void>;
}

/** The part of the module `expo-sqlite` that is used. */
export interface ExpoSqlite {
  openDatabaseAsync(databaseName: string): Promise<ExpoDatabase>;
}

const CLOSE_LIMIT_MS = 5000;

export interface ExpoConnectionOptions {
  readonly sqlite: ExpoSqlite;
  /** The name of the database. */
  readonly name: string;
  readonly schema: string;
  /** Called once, before the database is used. */
  readonly onFirstOpen: (db: ExpoDatabase) => Promise<void>;
}

export class ExpoConnection {
  readonly #options: ExpoConnectionOptions;
  /** One use of the connection at a time, because a transaction of `expo-sqlite` includes every other statement that runs meanwhile. */
  readonly #using = new Mutex();
  #opening: Promise<ExpoDatabase> | null = null;
  #wasOpen = false;

  constructor(options: ExpoConnectionOptions) {
    this.#options = options;
  }

  /** @param work may run a second time, on a new connection, because systems silently close connections of apps in the background. */
  run<T>(work: (db: ExpoDatabase) => Promise<T>): Promise<T> {
    return this.#using.run(async () => {
      const db = await this.#opened();
      try {
        return await work(db);
      } catch (error) {
        if (isFull(error)) throw error;
        this.#opening = null;
        // It may be closed already, or hang.
        await within(db.closeAsync(), CLOSE_LIMIT_MS, systemClock, new AbortController().signal).catch(() => undefined);
        return work(await this.#opened());
      }
    });
  }

  transaction(work: (db: ExpoDatabase) => Promise<void>): Promise<void> {
    return this.run((db) => db.withTransactionAsync(() => work(db)));
  }

  close(): Promise<void> {
    return this.#using.run(async () => {
      const db = await this.#opening;
      this.#opening = null;
      await db?.closeAsync();
    });
  }

  #opened(): Promise<ExpoDatabase> {
    return (this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null; // The next call tries it again.
      throw error;
    }));
  }

  async #open(): Promise<ExpoDatabase> {
    const { sqlite, name, schema, onFirstOpen } = this.#options;
    const db = await sqlite.openDatabaseAsync(name);
    await db.execAsync(schema);
    if (!this.#wasOpen) await onFirstOpen(db);
    this.#wasOpen = true;
    return db;
  }
}
