/**
 * One IndexedDB database. Its connection is opened when it is needed, and opened again when it is lost. Systems close connections of
 * pages in the background, sometimes without an event; some browsers never answer an open or a transaction. If the database is deleted
 * while it is open, because its user signs out in another tab, it is not created again.
 */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import { systemClock, TimeLimitError, within } from './time.ts';
import type { Clock } from './time.ts';

export interface DatabaseOptions<Schema extends DBSchema> {
  readonly name: string;
  readonly version: number;
  /** Creates the object stores; called for a database of an older version. */
  readonly upgrade: (db: IDBPDatabase<Schema>) => void;
  readonly clock?: Clock;
}

export type DatabaseTransaction<Schema extends DBSchema, Mode extends IDBTransactionMode> = IDBPTransaction<
  Schema,
  StoreNames<Schema>[],
  Mode
>;

/** Milliseconds. */
const OPEN_LIMIT_MS = 10_000;
const TRANSACTION_LIMIT_MS = 30_000;

/**
 * Errors of a lost connection, after which the work is repeated on a new one. The errors of a full disk or a bad value are not among
 * them.
 */
const LOST = new Set(['InvalidStateError', 'UnknownError', 'AbortError', 'TransactionInactiveError', 'TimeLimitError']);

export class Database<Schema extends DBSchema> {
  readonly #options: DatabaseOptions<Schema>;
  readonly #clock: Clock;
  #connection: Promise<IDBPDatabase<Schema>> | null = null;
  #isDeleted = false;

  constructor(options: DatabaseOptions<Schema>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Runs one transaction over all object stores: all of it happens, or nothing. When the promise has resolved, it is on disk.
   * @param work may run a second time, on a new connection, even if the first run was written, so it must be repeatable.
   * @param durability `relaxed`: other tabs see it, and it need not be on disk.
   */
  async run<Mode extends 'readonly' | 'readwrite', T>(
    mode: Mode,
    work: (tx: DatabaseTransaction<Schema, Mode>) => Promise<T>,
    durability: IDBTransactionDurability = 'strict',
  ): Promise<T> {
    try {
      return await this.#attempt(mode, work, durability);
    } catch (error) {
      if (!(error instanceof Error && LOST.has(error.name))) throw error;
      this.#forget();
      return this.#attempt(mode, work, durability);
    }
  }

  async #attempt<Mode extends 'readonly' | 'readwrite', T>(
    mode: Mode,
    work: (tx: DatabaseTransaction<Schema, Mode>) => Promise<T>,
    durability: IDBTransactionDurability,
  ): Promise<T> {
    const db = await this.#open();
    const tx = db.transaction([...db.objectStoreNames] as StoreNames<Schema>[], mode, { durability });
    try {
      const [result] = await this.#limited(Promise.all([work(tx), tx.done]), TRANSACTION_LIMIT_MS);
      return result;
    } catch (error) {
      // If it was aborted, for example because the disk is full, only the transaction has the reason.
      throw tx.error ?? error;
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    if (this.#connection !== null) return this.#connection;
    if (this.#isDeleted) return Promise.reject(new Error('What was kept here was deleted.'));
    const { name, version, upgrade } = this.#options;
    const forget = (): void => {
      if (this.#connection === connection) this.#forget();
    };
    const opening = openDB<Schema>(name, version, {
      upgrade: (db) => {
        upgrade(db);
      },
      // Never block a newer version in another tab, or the deletion of the database.
      blocking: (_, newVersion) => {
        if (newVersion === null) this.#isDeleted = true;
        forget();
      },
      terminated: forget,
    });
    const connection = this.#limited(opening, OPEN_LIMIT_MS).catch((error: unknown) => {
      forget();
      // A connection that opens too late is not used.
      if (error instanceof TimeLimitError) closeLater(opening);
      throw error;
    });
    this.#connection = connection;
    return connection;
  }

  #limited<T>(work: Promise<T>, limitMs: number): Promise<T> {
    return within(work, limitMs, this.#clock, new AbortController().signal);
  }

  #forget(): void {
    if (this.#connection !== null) closeLater(this.#connection);
    this.#connection = null;
  }

  /** Closes the connection. The next call opens it again. */
  close(): void {
    this.#forget();
  }
}

function closeLater(connection: Promise<{ close(): void }>): void {
  connection.then(
    (db) => {
      db.close();
    },
    () => undefined, // It never opened.
  );
}
