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
  /** The file that is being written: the key of its first piece, and how many pieces have a key. */
  #file: { readonly name: string; readonly firstKey: Promise<number>; pieces: number } | null = null;

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
    // With each file anew: another tab may have recorded since this one wrote the file before.
    this.#file = this.#file?.name === name ? this.#file : { name, firstKey: this.#firstFreeKey(), pieces: 0 };
    // The key is chosen here, so that a write that is repeated on a new connection writes the same piece.
    const index = this.#file.pieces++;
    const key = (await this.#file.firstKey) + index;
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
    asked.catch(() => (this.#file = null));
    return asked;
  }

  /** Names of the files that there are pieces of, in the order in which they were begun. Reads one piece of each: hours may wait here. */
  async names(): Promise<string[]> {
    const begun = await this.#database.run('readonly', async (tx) => {
      const pieces = tx.objectStore('pieces').index('name');
      const files: { readonly name: string; readonly firstKey: number }[] = [];
      // Not by a cursor of unique keys: WebKit opens none on an index that is empty.
      for (let range: IDBKeyRange | null = null; ;) {
        const [[piece], [firstKey]] = await Promise.all([pieces.getAll(range, 1), pieces.getAllKeys(range, 1)]);
        if (piece === undefined || firstKey === undefined) return files;
        files.push({ name: piece.name, firstKey });
        range = IDBKeyRange.lowerBound(piece.name, true);
      }
    });
    return begun.sort((a, b) => a.firstKey - b.firstKey).map(({ name }) => name);
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
