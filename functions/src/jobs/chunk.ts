/** The checkpoint of one paid request: `offline_sync_jobs/{jobId}/chunks/{chunkId}`. */
import { createHash } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Transaction } from 'firebase-admin/firestore';
import type { Span } from '../audio/chunk/chunks.ts';
import type { TimedWord } from '../conversations/conversation.ts';
import type { Failure, JobFile } from './job.ts';
import { JOBS } from './job.ts';

export interface ChunkPlan {
  readonly uid: string;
  readonly deviceId: string;
  /** Order in which the job planned it, from 0. */
  readonly sequence: number;
  /** Which frames of which recordings, and the map from chunk time to absolute time; `recordingId` is the file's name in the job. */
  readonly spans: readonly Span[];
  readonly durationMs: number;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly expiresAt: Timestamp;
}

/** Written before the request. A retry takes it as it is, so it never depends on VAD giving the same bits. */
export interface PlannedChunkDoc extends ChunkPlan {
  readonly state: 'planned';
}

/** Written with the words' segments, conversations and usage, in one transaction. */
export interface DoneChunkDoc extends ChunkPlan {
  readonly state: 'done';
  /** Those that became segments: without what was heard before, or deleted since. */
  readonly words: readonly TimedWord[];
  readonly language: string | null;
  readonly requestId: string;
  /** What transcribed it. Absent in chunks of before this was stored. */
  readonly transcriber?: string;
  readonly billedSeconds: number;
  readonly conversationIds: readonly string[];
  /**
   * The job that asked for this, where it was an earlier one of the same recordings: its words became segments then, and it
   * was counted then. Absent where this job asked.
   */
  readonly reusedFrom?: string;
}

/** Refused for good. */
export interface FailedChunkDoc extends ChunkPlan {
  readonly state: 'failed';
  readonly error: Failure;
}

export type ChunkDoc = PlannedChunkDoc | DoneChunkDoc | FailedChunkDoc;

const WITHOUT_WORDS = [
  'state',
  'uid',
  'deviceId',
  'sequence',
  'spans',
  'durationMs',
  'startedAt',
  'endedAt',
  'expiresAt',
  'language',
  'requestId',
  'transcriber',
  'billedSeconds',
  'conversationIds',
  'reusedFrom',
  'error',
] as const;

/** A chunk without its words, which are most of it. */
export type KnownChunk = PlannedChunkDoc | Omit<DoneChunkDoc, 'words'> | FailedChunkDoc;

/** The chunks of a job, by id, in no order. */
export async function readChunks(db: Firestore, jobId: string, tx?: Transaction): Promise<Map<string, KnownChunk>> {
  const query = chunksOf(db, jobId).select(...WITHOUT_WORDS);
  const { docs } = await (tx === undefined ? query.get() : tx.get(query));
  return new Map(docs.map((doc) => [doc.id, doc.data() as KnownChunk]));
}

/** Of a chunk's plan what it has of some recordings; null where that is nothing. */
export function partOf(
  { uid, deviceId, sequence, expiresAt, spans }: ChunkPlan,
  recordingIds: ReadonlySet<string>,
): ChunkPlan | null {
  let durationMs = 0;
  const kept = spans
    .filter(({ recordingId }) => recordingIds.has(recordingId))
    .map((span) => {
      const placed = { ...span, chunkStartMs: durationMs };
      durationMs += span.durationMs;
      return placed;
    });
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined) return null;
  const reach = reachOf(first.startMs, last.startMs + last.durationMs);
  return { uid, deviceId, sequence, spans: kept, durationMs, ...reach, expiresAt };
}

/** In whole milliseconds, all of it. */
export function reachOf(startMs: number, endMs: number): Pick<ChunkPlan, 'startedAt' | 'endedAt'> {
  return { startedAt: Timestamp.fromMillis(Math.floor(startMs)), endedAt: Timestamp.fromMillis(Math.ceil(endMs)) };
}

export function chunksOf(db: Firestore, jobId: string): CollectionReference<ChunkDoc> {
  return db.collection(`${JOBS}/${jobId}/chunks`) as CollectionReference<ChunkDoc>;
}

/** Derived from the exact audio, so that planning the same audio again is the same chunk. */
export function chunkId(
  uid: string,
  deviceId: string,
  spans: readonly Span[],
  files: ReadonlyMap<string, JobFile>,
): string {
  const audio = spans.map(({ recordingId, firstFrame, endFrame, startMs }) => {
    const file = files.get(recordingId);
    return [file?.md5, file?.size, Math.round(startMs), firstFrame, endFrame];
  });
  return createHash('sha256')
    .update(JSON.stringify([uid, deviceId, audio]))
    .digest('base64url')
    .slice(0, 28);
}
