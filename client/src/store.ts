/** Where recordings are kept on a device: the one interface between this library and a platform's storage. */

import type { Unsubscribe } from './emitter.ts';

/** JSON. */
export type StoredValue = Readonly<Record<string, unknown>>;

/** The right to change what is in a store, until another context takes it over. */
export interface Lease {
  /** Of this lease alone. */
  readonly token: string;
  /** Aborts when another context has taken over, as soon as this one can know. */
  readonly lost: AbortSignal;
}

/** A write under a lease that another context has taken over: nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor() {
    super('Another tab has taken over the work on this store.');
  }
}

/**
 * A store belongs to one user: give each user one of their own. Implementations: `memoryStore`, `indexedDbStore`
 * (`/indexeddb`), `fileStore` (`/node`); `storeContract` in this package's tests is what each of them passes.
 *
 * Entries are small JSON documents under a key; audio is bytes under an id. What a promise of a writing method has resolved
 * for survives the end of the process; what was cut off in the middle is there whole, or as it was before.
 */
export interface RecordingStore {
  /** All entries. Entries that cannot be read are left out, and stay where they are. */
  entries(): Promise<ReadonlyMap<string, StoredValue>>;
  /**
   * Each entry is written whole or not at all; several need not be written as one.
   * @param lease writes only as long as this one is not lost; whether it is, is decided with the write. @throws LeaseLostError
   */
  put(entries: ReadonlyMap<string, StoredValue>, lease?: Lease): Promise<void>;
  /** Keys that are not there are no mistake. @throws LeaseLostError */
  remove(keys: readonly string[], lease?: Lease): Promise<void>;

  /** Ids of all audio that is there whole. */
  audioIds(): Promise<readonly string[]>;
  /**
   * Replaces what is there under this id, and puts what is known of it: whatever happens on the way, both are there afterwards
   * or neither is.
   */
  putAudio(id: string, audio: Blob | Uint8Array<ArrayBuffer>, entries: ReadonlyMap<string, StoredValue>): Promise<void>;
  /** Bytes from `start` up to, not including, `end`; null where there is no such audio. */
  readAudio(id: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** With these entries: all of it is gone afterwards, or nothing is. @throws LeaseLostError */
  removeAudio(id: string, keys: readonly string[], lease?: Lease): Promise<void>;

  /**
   * Where several contexts (tabs, a service worker, processes) may use one store: becomes the one that works on it, until
   * `signal` aborts. A store without it is used by one context alone.
   * @param wait Wait until the current owner releases the store, or stands still for so long that it is taken over from.
   * @returns the lease once this context owns the store; null only without `wait`, or aborted.
   */
  own?(signal: AbortSignal, wait: boolean): Promise<Lease | null>;
  /** Calls back after another context has changed something. */
  watch?(listener: () => void): Unsubscribe;
  /** Closes files and connections. */
  close?(): Promise<void>;
}
