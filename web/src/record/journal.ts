/**
 * Stores what is being recorded, second by second, in IndexedDB: a tab that is closed or killed loses at most the last second. A complete
 * file moves to the outbox and is deleted here.
 */
import { Database } from 'offline-audio-sync-client/indexeddb';
import type { DBSchema } from 'idb';
import type { Piece } from './cutter.ts';

interface Schema extends DBSchema {
  pieces: { key: number; value: { name: string; bytes: Uint8Array<ArrayBuffer> }; indexes: { name: string } };
}

export class Journal {
  readonly #database: Database<Schema>;
  /** The file that is being written: the key of its first piece, and the number of pieces that have a key. */
  #file: { readonly name: string; readonly firstKey: Promise<number>; pieces: number } | null = null;

  /** @param uid The owner of these recordings. They are sent for this user only. */
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
    // The first key is looked up for each file, because another tab may have recorded since the file before.
    this.#file = this.#file?.name === name ? this.#file : { name, firstKey: this.#firstFreeKey(), pieces: 0 };
    // The key is chosen here, so that a write that is repeated on a new connection replaces the same piece.
    const index = this.#file.pieces++;
    const key = (await this.#file.firstKey) + index;
    await this.#database.run('readwrite', (tx) => tx.objectStore('pieces').put({ name, bytes }, key));
  }

  /**
   * Writes and deletes as a recording does, and leaves nothing behind.
   * @returns whether Blobs can be stored too: private windows of some browsers store none
   * @throws the error that a recording would get
   */
  async probe(): Promise<boolean> {
    const keep = (bytes: Uint8Array<ArrayBuffer> | Blob): Promise<void> =>
      this.#database.run('readwrite', async (tx) => {
        const pieces = tx.objectStore('pieces');
        // The journal stores bytes, whereas the outbox stores Blobs where it can.
        const key = await pieces.add({ name: 'probe', bytes: bytes as Uint8Array<ArrayBuffer> });
        await pieces.delete(key);
      });
    await keep(new Uint8Array(1024));
    return keep(new Blob([new Uint8Array(1024)])).then(
      () => true,
      () => false,
    );
  }

  /** @returns a promise that rejects if the database fails. The next piece then tries again. */
  #firstFreeKey(): Promise<number> {
    const asked = this.#database.run('readonly', async (tx) => {
      const last = await tx.objectStore('pieces').openKeyCursor(null, 'prev');
      return last === null ? 1 : last.key + 1;
    });
    asked.catch(() => (this.#file = null));
    return asked;
  }

  /**
   * Names of the files with pieces, in the order in which they were begun. It reads one piece of each file, because hours of audio may be
   * stored.
   */
  async names(): Promise<string[]> {
    const begun = await this.#database.run('readonly', async (tx) => {
      const pieces = tx.objectStore('pieces').index('name');
      const files: { readonly name: string; readonly firstKey: number }[] = [];
      // A cursor of unique keys would be simpler, but WebKit opens none on an empty index.
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
