/**
 * Which audio has its result stored: `users/{uid}/coverage/{device}-{bucket}`. What is covered is never planned again, in
 * whatever file, cut or job it comes back.
 *
 * Audio is identified below the file, by its device, its absolute capture time and the content of each frame: a device has one
 * microphone, so the same frames at the same moment are the same audio, however they were cut into files. Time alone would
 * not do, because two recordings of other content may claim one moment, and both must stay; content alone would not do either,
 * because a frame of silence is like any other.
 *
 * Only what was sent to transcription is covered. Silence costs nothing to detect again, and an attempt that follows another
 * one needs no other memory than this: it reads its recordings from the start, and plans what is not covered.
 */
import { crc32 } from 'node:zlib';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Transaction } from 'firebase-admin/firestore';
import type { KeptFrame } from '../audio/chunk/frameWindow.ts';
import type { Span } from '../audio/chunk/timeMap.ts';
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { SourceFrame } from '../audio/read/pcm.ts';
import type { FileRef } from './job.ts';
import type { PlacedRecording } from './place.ts';
import { levelByte, Sounds } from './sounds.ts';

/** Absolute time that one document covers, milliseconds: 120 KB if frames last 10 ms. */
const BUCKET_MS = 5 * 60_000;

/**
 * Bytes of one document, below Firestore's limit of 1 MiB. Beyond it the oldest stretches are dropped, and their audio may be sent
 * again.
 */
const MAX_BYTES = 900_000;

/** Documents in memory: those of some hours, while recordings are read in order of time. */
const MAX_BUCKETS = 64;

/** How long coverage is kept, milliseconds: as long as a device may keep recordings that it believes unsent. */
export const KEPT_MS = 100 * 24 * 3600_000;

/** How far a frame may be from its place in another cut, milliseconds: file names give whole milliseconds. */
const MAX_SHIFT_MS = 1.5;

/** Consecutive frames of equal length. */
export interface Stretch extends FileRef {
  readonly recordingId: string;
  /** Where the recording lies, Unix milliseconds. */
  readonly recordingStartMs: number;
  /** Unix milliseconds. */
  readonly startMs: number;
  /** Samples of each frame, at 16 kHz. */
  readonly frameSamples: number;
  /** CRC-32 of each frame, 4 bytes each, big-endian. */
  readonly crcs: Buffer;
  /** How loud each frame is, see `levelByte`; absent if that was not measured. */
  readonly levels?: Buffer;
}

export interface CoverageDoc {
  readonly deviceId: string;
  readonly stretches: readonly Stretch[];
  readonly expiresAt: Timestamp;
}

/** The frames of a chunk, as they were planned. */
export interface CoveredAudio {
  readonly deviceId: string;
  readonly spans: readonly Span[];
  readonly frames: readonly KeptFrame[];
  /** The recordings of the spans, by file name. */
  readonly places: ReadonlyMap<string, PlacedRecording>;
}

/** A user's coverage, loaded as one attempt needs it. */
export class Coverage {
  readonly #db: Firestore;
  readonly #uid: string;
  readonly #jobId: string;
  readonly #now: () => number;
  readonly #buckets = new Map<string, readonly Stretch[]>();

  constructor(db: Firestore, uid: string, jobId: string, now: () => number) {
    this.#db = db;
    this.#uid = uid;
    this.#jobId = jobId;
    this.#now = now;
  }

  /** Loads the coverage of a stretch of a device's time, unless it is loaded. Unix milliseconds. */
  async load(deviceId: string, fromMs: number, toMs: number): Promise<void> {
    const missing = bucketsBetween(deviceId, fromMs - MAX_SHIFT_MS, toMs).filter((id) => !this.#buckets.has(id));
    if (missing.length === 0) return;
    const docs = await this.#db.getAll(...missing.map((id) => this.#collection().doc(id)));
    for (const doc of docs) this.#buckets.set(doc.id, (doc.data() as CoverageDoc | undefined)?.stretches ?? []);
    for (const id of [...this.#buckets.keys()].slice(0, -MAX_BUCKETS)) this.#buckets.delete(id);
  }

  /** Where the result of a frame is stored; null if it is not. Its time must be loaded. */
  find(deviceId: string, startMs: number, frame: SourceFrame): FileRef | null {
    const { payload } = frame;
    if (payload === null) return null;
    let crc: number | undefined;
    // In another cut, a frame at the border may lie in the bucket before.
    for (const id of new Set([bucketOf(deviceId, startMs), bucketOf(deviceId, startMs - MAX_SHIFT_MS)])) {
      for (const stretch of this.#buckets.get(id) ?? []) {
        const index = indexIn(stretch, startMs, frame);
        if (index === null) continue;
        crc ??= crc32(payload);
        if (stretch.crcs.readUInt32BE(4 * index) === crc) return stretch;
      }
    }
    return null;
  }

  /**
   * Prepares, within a transaction, to cover the audio of a chunk. Reads; the returned function writes. Call `apply` when the
   * transaction has succeeded. `sounds` has the loudness of the chunk and of the coverage at its time.
   */
  async prepare(
    tx: Transaction,
    audio: CoveredAudio,
  ): Promise<{ readonly sounds: Sounds; readonly write: () => void; readonly apply: () => void }> {
    const added = stretchesOf(audio, this.#jobId);
    const refs = [...added.keys()].map((id) => this.#collection().doc(id));
    if (refs.length === 0) return { sounds: new Sounds([]), write: () => undefined, apply: () => undefined };
    const docs = await tx.getAll(...refs);
    const next = docs.map((doc) => {
      const before = doc.data()?.stretches ?? [];
      return { ref: doc.ref, stretches: bounded([...before, ...(added.get(doc.id) ?? [])]) };
    });
    const expiresAt = Timestamp.fromMillis(this.#now() + KEPT_MS);
    return {
      sounds: new Sounds(next.flatMap(({ stretches }) => stretches)),
      write: () => {
        for (const { ref, stretches } of next) tx.set(ref, { deviceId: audio.deviceId, stretches, expiresAt });
      },
      apply: () => {
        for (const { ref, stretches } of next) this.#buckets.set(ref.id, stretches);
      },
    };
  }

  #collection(): CollectionReference<CoverageDoc> {
    return coverageOf(this.#db, this.#uid);
  }
}

export function coverageOf(db: Firestore, uid: string): CollectionReference<CoverageDoc> {
  return db.collection(`users/${uid}/coverage`) as CollectionReference<CoverageDoc>;
}

/**
 * Reads, within a transaction, the loudness of the audio that covers stretches of a device's time. Unix milliseconds. The stretches are
 * read together, so that two that meet cost no more than one.
 */
export async function readSounds(
  tx: Transaction,
  db: Firestore,
  { uid, deviceId }: { readonly uid: string; readonly deviceId: string },
  intervals: readonly { readonly startMs: number; readonly endMs: number }[],
): Promise<Sounds> {
  const ids = new Set(intervals.flatMap(({ startMs, endMs }) => bucketsBetween(deviceId, startMs, endMs)));
  if (ids.size === 0) return new Sounds([]);
  const docs = await tx.getAll(...[...ids].map((id) => coverageOf(db, uid).doc(id)));
  return new Sounds(docs.flatMap((doc) => doc.data()?.stretches ?? []));
}

export function bucketOf(deviceId: string, ms: number): string {
  return `${deviceId}-${String(Math.floor(ms / BUCKET_MS))}`;
}

export function bucketsBetween(deviceId: string, fromMs: number, toMs: number): string[] {
  const ids: string[] = [];
  for (let bucket = Math.floor(fromMs / BUCKET_MS); bucket * BUCKET_MS <= toMs; bucket++) {
    ids.push(`${deviceId}-${String(bucket)}`);
  }
  return ids;
}

/** The index of a frame in a stretch; null if the stretch does not have it. */
function indexIn({ startMs, frameSamples, crcs }: Stretch, atMs: number, { samples }: SourceFrame): number | null {
  if (samples !== frameSamples) return null;
  const frameMs = frameSamples / SAMPLES_PER_MS;
  const index = Math.round((atMs - startMs) / frameMs);
  if (index < 0 || 4 * index >= crcs.length) return null;
  return Math.abs(atMs - (startMs + index * frameMs)) <= Math.min(MAX_SHIFT_MS, frameMs / 2) ? index : null;
}

/** Consecutive frames of equal length in one bucket. */
interface Piece {
  readonly bucket: string;
  readonly startMs: number;
  readonly frames: KeptFrame[];
}

/** The stretches that a chunk covers, by bucket. */
function stretchesOf({ deviceId, spans, frames, places }: CoveredAudio, jobId: string): Map<string, Stretch[]> {
  const byBucket = new Map<string, Stretch[]>();
  let next = 0;
  for (const { fileName: file, startMs, firstFrame, endFrame } of spans) {
    let atMs = startMs;
    const pieces: Piece[] = [];
    for (const frame of frames.slice(next, next + endFrame - firstFrame)) {
      const bucket = bucketOf(deviceId, atMs);
      const last = pieces.at(-1);
      if (last?.bucket === bucket && last.frames[0]?.samples === frame.samples) last.frames.push(frame);
      else pieces.push({ bucket, startMs: atMs, frames: [frame] });
      atMs += frame.samples / SAMPLES_PER_MS;
    }
    const place = places.get(file);
    if (place === undefined) throw new Error('A span has a recording that its job does not know.');
    const ref = { jobId, file, recordingId: place.recordingId, recordingStartMs: place.startedAtMs };
    for (const piece of pieces) add(byBucket, piece, ref);
    next += endFrame - firstFrame;
  }
  return byBucket;
}

function add(
  byBucket: Map<string, Stretch[]>,
  piece: Piece,
  ref: Omit<Stretch, 'startMs' | 'frameSamples' | 'crcs' | 'levels'>,
): void {
  const [first] = piece.frames;
  if (first === undefined) return;
  const crcs = Buffer.alloc(4 * piece.frames.length);
  for (const [i, { payload }] of piece.frames.entries()) crcs.writeUInt32BE(crc32(payload), 4 * i);
  const levels = piece.frames.flatMap(({ level }) => (level === undefined ? [] : levelByte(level)));
  const stretch = {
    ...ref,
    startMs: piece.startMs,
    frameSamples: first.samples,
    crcs,
    ...(levels.length === piece.frames.length ? { levels: Buffer.from(levels) } : {}),
  };
  const others = byBucket.get(piece.bucket);
  if (others === undefined) byBucket.set(piece.bucket, [stretch]);
  else others.push(stretch);
}

export function bounded(stretches: readonly Stretch[]): Stretch[] {
  const kept: Stretch[] = [];
  let bytes = 0;
  for (const stretch of stretches.toReversed()) {
    bytes += stretch.crcs.length + (stretch.levels?.length ?? 0) + stretch.file.length + 300;
    if (bytes > MAX_BYTES) break;
    kept.push(stretch);
  }
  return kept.reverse();
}
