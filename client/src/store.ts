/** The interface between this library and the storage of a platform. */

import type { Unsubscribe } from './emitter.ts';

/** A JSON object. */
export type StoredValue = Readonly<Record<string, unknown>>;

/** The right to change a store, until another context takes it over. */
export interface Lease {
  /** Unique to this lease. */
  readonly token: string;
  /** Aborts as soon as this context can know that another one has taken over. */
  readonly lost: AbortSignal;
}

/** A write was refused, because another context has taken over the lease. Nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor() {
    super('Another tab has taken over the work on this store.');
  }
}

/**
 * A store belongs to one user: give each user a separate one. Implementations: `memoryStore`, `indexedDbStore` (`/indexeddb`),
 * `fileStore` (`/node`), `expoStore` (`/react-native`). Test one of your own with `storeContract` (`/testing`).
 *
 * Entries are small JSON documents under a key; audio is bytes under an id. When a writing method has resolved, its data survive the
 * end of the process. A write that was cut off is complete afterwards, or has changed nothing.
 */
export interface RecordingStore {
  /** All entries. Entries that cannot be read are left out, but not deleted. */
  entries(): Promise<ReadonlyMap<string, StoredValue>>;
  /**
   * Writes entries, each completely or not at all. Several entries need not be written atomically.
   * @param lease the write is refused if this lease is lost; that is checked atomically with the write. @throws LeaseLostError
   */
  put(entries: ReadonlyMap<string, StoredValue>, lease?: Lease): Promise<void>;
  /** Removes entries. Missing keys are no error. @throws LeaseLostError */
  remove(keys: readonly string[], lease?: Lease): Promise<void>;

  /** Ids of all audio that is stored completely. */
  audioIds(): Promise<readonly string[]>;
  /** Stores audio under this id, replacing what was there, together with entries: after a crash, both are stored or neither is. */
  putAudio(id: string, audio: Blob | Uint8Array<ArrayBuffer>, entries: ReadonlyMap<string, StoredValue>): Promise<void>;
  /** Reads bytes from `start` up to, not including, `end`; null if there is no such audio. */
  readAudio(id: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Removes audio together with entries: all of it or nothing. @throws LeaseLostError */
  removeAudio(id: string, keys: readonly string[], lease?: Lease): Promise<void>;

  /**
   * For stores that several contexts may use (tabs, a service worker, processes): makes this context the one that works on the store,
   * until `signal` aborts. A store without this method is used by one context alone.
   * @param wait Wait until the current owner releases the store, or has stood still for so long that this one takes over.
   * @returns the lease once this context owns the store; null only without `wait`, or aborted.
   */
  own?(signal: AbortSignal, wait: boolean): Promise<Lease | null>;
  /** Calls back after another context has changed something. */
  watch?(listener: () => void): Unsubscribe;
  /** Closes files and connections. */
  close?(): Promise<void>;
}
