/**
 * What is being recorded, second by second, in IndexedDB: a tab that is closed or killed loses the last second at most. A file
 * that is whole goes on to the outbox and leaves here.
 */
import { Database } from 'offline-audio-sync-client/indexeddb';
import type { DBSchema } from 'idb';
import type { Piece } from './cutter.ts';

interface Schema extends DBSchema {
  pieces: { key: number; value: { name: string; bytes: Uint8Array<ArrayBuffer> }; indexes: { name: string } };
}

export class Journal {
  readonly #database: Database<Schema>;
  /** Key of the first piece that this journal writes; null before that. */
  #firstKey: Promise<number> | null = null;
  #appended = 0;

  /** @param uid whose recordings these are: they are sent for this user alone. */
  constructor(uid: string) {
    this.#database = new Database<Schema>({
      name: `offline-audio-sync-recorder/${uid}`,
      version: 1,
      upgrade: (db) => {
        db.createObjectStore('pieces', { autoIncrement: true }).createIndex('name', 'name');
      },
    });
  }

  async append({ name, bytes }: Piece): Promise<void> {
    // The key is chosen here, so that a write that is repeated on a new connection writes the same piece.
    const index = this.#appended++;
    const key = (await (this.#firstKey ??= this.#firstFreeKey())) + index;
    await this.#database.run('readwrite', (tx) => tx.objectStore('pieces').put({ name, bytes }, key));
  }

  /**
   * Writes and deletes as a recording does, and leaves nothing behind.
   * @returns whether Blobs can be kept, too: private windows of some browsers keep none. @throws what a recording would meet
   */
  async probe(): Promise<boolean> {
    const keep = (bytes: Uint8Array<ArrayBuffer> | Blob): Promise<void> =>
      this.#database.run('readwrite', async (tx) => {
        const pieces = tx.objectStore('pieces');
        // What is kept is bytes; the outbox keeps Blobs where it can.
        const key = await pieces.add({ name: 'probe', bytes: bytes as Uint8Array<ArrayBuffer> });
        await pieces.delete(key);
      });
    await keep(new Uint8Array(1024));
    return keep(new Blob([new Uint8Array(1024)])).then(
      () => true,
      () => false,
    );
  }

  /** @returns rejects where the database fails; the next piece asks again. */
  #firstFreeKey(): Promise<number> {
    const asked = this.#database.run('readonly', async (tx) => {
      const last = await tx.objectStore('pieces').openKeyCursor(null, 'prev');
      return last === null ? 1 : last.key + 1;
    });
    asked.catch(() => (this.#firstKey = null));
    return asked;
  }

  /** Names of the files that there are pieces of, in the order in which they were begun. */
  async names(): Promise<string[]> {
    const pieces = await this.#database.run('readonly', (tx) => tx.objectStore('pieces').getAll());
    return [...new Set(pieces.map(({ name }) => name))];
  }

  async read(name: string): Promise<Blob> {
    const pieces = await this.#database.run('readonly', (tx) => tx.objectStore('pieces').index('name').getAll(name));
    return new Blob(pieces.map(({ bytes }) => bytes));
  }

  async remove(name: string): Promise<void> {
    await this.#database.run('readwrite', async (tx) => {
      const pieces = tx.objectStore('pieces');
      const keys = await pieces.index('name').getAllKeys(name);
      await Promise.all(keys.map((key) => pieces.delete(key)));
    });
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }
}
