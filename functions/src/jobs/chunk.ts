/**
 * The result of one transcription request: `offline_sync_jobs/{jobId}/chunks/{chunkId}`. Written once, in the transaction that
 * writes the words' segments, conversations, coverage and usage.
 */
import { createHash } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore } from 'firebase-admin/firestore';
import type { Span } from '../audio/chunk/chunks.ts';
import type { TimedWord } from 'offline-audio-sync-contract';
import type { JobFile } from './job.ts';
import { JOBS } from './job.ts';

export interface ChunkDoc {
  readonly uid: string;
  readonly deviceId: string;
  /** Which frames of which recordings, and the map from chunk time to absolute time. */
  readonly spans: readonly Span[];
  readonly durationMs: number;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  /** Those that became segments: without what was stored before, or deleted since. */
  readonly words: readonly TimedWord[];
  readonly language: string | null;
  readonly requestId: string;
  /** What transcribed it. Absent in chunks of before this was stored. */
  readonly transcriber?: string;
  readonly billedSeconds: number;
  readonly conversationIds: readonly string[];
  readonly expiresAt: Timestamp;
}

/** In whole milliseconds, all of it. */
export function chunkInterval(startMs: number, endMs: number): Pick<ChunkDoc, 'startedAt' | 'endedAt'> {
  return { startedAt: Timestamp.fromMillis(Math.floor(startMs)), endedAt: Timestamp.fromMillis(Math.ceil(endMs)) };
}

export function chunksOf(db: Firestore, jobId: string): CollectionReference<ChunkDoc> {
  return db.collection(`${JOBS}/${jobId}/chunks`) as CollectionReference<ChunkDoc>;
}

/** Derived from the exact audio, so that writing the same result again is the same document. */
export function chunkId(
  uid: string,
  deviceId: string,
  spans: readonly Span[],
  files: ReadonlyMap<string, Pick<JobFile, 'md5' | 'size'>>,
): string {
  const audio = spans.map(({ fileName, firstFrame, endFrame, startMs }) => {
    const file = files.get(fileName);
    return [file?.md5, file?.size, Math.round(startMs), firstFrame, endFrame];
  });
  return createHash('sha256')
    .update(JSON.stringify([uid, deviceId, audio]))
    .digest('base64url')
    .slice(0, 28);
}
