/**
 * Audio that is kept to be played, if the operator and the user want that: `audio/{uid}/{chunkId}.ogg` or `.flac` in Cloud Storage, and
 * a document with its path (the contract's keptAudio.ts). The object is written first; the transaction that stores the words writes the
 * document. The object is deleted after its document. So an object without a document is not in use, and the sweeper deletes it.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { keptAudioPath } from 'offline-audio-sync-contract';
import type { KeptAudioDoc, KeptSpan } from 'offline-audio-sync-contract';
import { deleteObjects, isGoneOrReplaced } from './bucket.ts';
import type { Bucket } from './bucket.ts';

export type KeptAudioEntry = KeptAudioDoc<Timestamp>;

/** The prefix of all kept audio. */
export const KEPT_PREFIX = 'audio/';

const EXTENSIONS = { 'audio/ogg': 'ogg', 'audio/flac': 'flac' } as const;

export interface KeptChunk {
  readonly uid: string;
  readonly chunkId: string;
  readonly bytes: Uint8Array;
  readonly contentType: KeptAudioDoc['contentType'];
}

/** An object without a document yet. */
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
    // Only its owner may read it, so no cache on the way may store it. An app may keep audio that it has played.
    const metadata = { contentType, cacheControl: 'private, no-store', contentDisposition: 'inline' };
    await this.#bucket.file(path).save(Buffer.from(bytes), { resumable: false, metadata });
    return { uid, chunkId, path, contentType, bytes: bytes.length };
  }

  /** Writes the object's document, in the transaction that stores its words. */
  name(tx: Transaction, audio: UnnamedAudio, spans: readonly KeptSpan[], durationMs: number): void {
    const { uid, chunkId, ...object } = audio;
    const nowMs = this.#now();
    const times = { createdAt: Timestamp.fromMillis(nowMs), expiresAt: Timestamp.fromMillis(nowMs + this.#keptMs) };
    tx.set(keptAudioOf(this.#db, uid).doc(chunkId), { ...object, durationMs, spans, ...times });
  }

  /** The bytes of an object; null if it is deleted. */
  async read(path: string): Promise<Uint8Array | null> {
    try {
      return (await this.#bucket.file(path).download())[0];
    } catch (error) {
      if (isGoneOrReplaced(error)) return null;
      throw error;
    }
  }

  /** Deletes objects whose documents are deleted. Missing objects are no error. */
  async delete(paths: readonly string[]): Promise<void> {
    await deleteObjects(this.#bucket, paths);
  }
}

export function keptAudioOf(db: Firestore, uid: string): CollectionReference<KeptAudioEntry> {
  return db.collection(keptAudioPath(uid)) as CollectionReference<KeptAudioEntry>;
}

/** The user and the chunk (`chunkId`, 28 characters) of a path; null if it is not a path of kept audio. */
export function parseKeptPath(path: string): { readonly uid: string; readonly chunkId: string } | null {
  const [, uid, chunkId] = /^audio\/([^/]+)\/([\w-]{28})\.(?:ogg|flac)$/.exec(path) ?? [];
  return uid === undefined || chunkId === undefined ? null : { uid, chunkId };
}
