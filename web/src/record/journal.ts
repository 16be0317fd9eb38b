/**
 * What is being recorded, second by second, in IndexedDB: a tab that is closed or killed loses the last second at most. A file
 * that is whole goes on to the outbox and leaves here.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Piece } from './cutter.ts';

interface Schema extends DBSchema {
  pieces: { key: number; value: { name: string; bytes: Uint8Array<ArrayBuffer> }; indexes: { name: string } };
}

export class Journal {
  readonly #database: Promise<IDBPDatabase<Schema>>;

  /** @param uid whose recordings these are: nobody else shall send them. */
  constructor(uid: string) {
    this.#database = openDB<Schema>(`offline-audio-sync-recorder/${uid}`, 1, {
      upgrade: (db) => {
        db.createObjectStore('pieces', { autoIncrement: true }).createIndex('name', 'name');
      },
    });
  }

  async append({ name, bytes }: Piece): Promise<void> {
    const tx = (await this.#database).transaction('pieces', 'readwrite', { durability: 'strict' });
    await Promise.all([tx.store.add({ name, bytes }), tx.done]);
  }

  /** Names of the files that there are pieces of, in the order in which they were begun. */
  async names(): Promise<string[]> {
    const pieces = await (await this.#database).getAll('pieces');
    return [...new Set(pieces.map(({ name }) => name))];
  }

  async read(name: string): Promise<Blob> {
    const pieces = await (await this.#database).getAllFromIndex('pieces', 'name', name);
    return new Blob(pieces.map(({ bytes }) => bytes));
  }

  async remove(name: string): Promise<void> {
    const tx = (await this.#database).transaction('pieces', 'readwrite', { durability: 'strict' });
    const keys = await tx.store.index('name').getAllKeys(name);
    await Promise.all([...keys.map((key) => tx.store.delete(key)), tx.done]);
  }

  async close(): Promise<void> {
    (await this.#database).close();
  }
}
