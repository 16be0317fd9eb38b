/**
 * Audio that is kept to be played, where the operator and the user want that: `audio/{uid}/{chunkId}.ogg` or `.flac` in Cloud Storage, and
 * a document that names it (the contract's keptAudio.ts). The object is written first and named in the transaction that stores the words;
 * it is deleted after its document. So an object without a document is not in use, and the sweeper deletes it.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { keptAudioPath } from 'offline-audio-sync-contract';
import type { KeptAudioDoc, KeptSpan } from 'offline-audio-sync-contract';
import { deleteObjects, isGoneOrReplaced } from './bucket.ts';
import type { Bucket } from './bucket.ts';

export type KeptAudioEntry = KeptAudioDoc<Timestamp>;

/** All kept audio lies below it. */
export const KEPT_PREFIX = 'audio/';

const EXTENSIONS = { 'audio/ogg': 'ogg', 'audio/flac': 'flac' } as const;

export interface KeptChunk {
  readonly uid: string;
  readonly chunkId: string;
  readonly bytes: Uint8Array;
  readonly contentType: KeptAudioDoc['contentType'];
}

/** An object that no document names yet. */
export interface UnnamedAudio extends Pick<KeptAudioEntry, 'path' | 'contentType' | 'bytes'> {
  readonly uid: string;
  readonly chunkId: string;
}

export class KeptAudio {
  readonly #db: Firestore;
  readonly #bucket: Bucket;
  readonly #keptMs: number;
  readonly #now: () => number;

  /** @param options.keptMs how long audio is kept, milliseconds; 0 to keep none. */
  constructor(db: Firestore, bucket: Bucket, options: { readonly keptMs: number; readonly now?: () => number }) {
    this.#db = db;
    this.#bucket = bucket;
    this.#keptMs = options.keptMs;
    this.#now = options.now ?? Date.now;
  }

  get isOn(): boolean {
    return this.#keptMs > 0;
  }

  /** Writes the object. Writing it again is harmless. */
  async put({ uid, chunkId, bytes, contentType }: KeptChunk): Promise<UnnamedAudio> {
    const path = `${KEPT_PREFIX}${uid}/${chunkId}.${EXTENSIONS[contentType]}`;
    // Only its owner may read it, so no cache on the way may keep it. An app keeps what it played by itself.
    const metadata = { contentType, cacheControl: 'private, no-store', contentDisposition: 'inline' };
    await this.#bucket.file(path).save(Buffer.from(bytes), { resumable: false, metadata });
    return { uid, chunkId, path, contentType, bytes: bytes.length };
  }

  /** Names the object, in the transaction that stores the words that were heard in it. */
  name(tx: Transaction, audio: UnnamedAudio, spans: readonly KeptSpan[], durationMs: number): void {
    const { uid, chunkId, ...object } = audio;
    const nowMs = this.#now();
    const times = { createdAt: Timestamp.fromMillis(nowMs), expiresAt: Timestamp.fromMillis(nowMs + this.#keptMs) };
    tx.set(keptAudioOf(this.#db, uid).doc(chunkId), { ...object, durationMs, spans, ...times });
  }

  /** The bytes of an object; null where it is gone. */
  async read(path: string): Promise<Uint8Array | null> {
    try {
      return (await this.#bucket.file(path).download())[0];
    } catch (error) {
      if (isGoneOrReplaced(error)) return null;
      throw error;
    }
  }

  /** Deletes objects whose documents are gone; those already gone are fine. */
  async delete(paths: readonly string[]): Promise<void> {
    await deleteObjects(this.#bucket, paths);
  }
}

export function keptAudioOf(db: Firestore, uid: string): CollectionReference<KeptAudioEntry> {
  return db.collection(keptAudioPath(uid)) as CollectionReference<KeptAudioEntry>;
}

/** Whose audio, of which chunk (`chunkId`, 28 characters); null for a path that no kept audio has. */
export function parseKeptPath(path: string): { readonly uid: string; readonly chunkId: string } | null {
  const [, uid, chunkId] = /^audio\/([^/]+)\/([\w-]{28})\.(?:ogg|flac)$/.exec(path) ?? [];
  return uid === undefined || chunkId === undefined ? null : { uid, chunkId };
}
