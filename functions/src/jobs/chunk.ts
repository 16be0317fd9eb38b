/** The checkpoint of one paid request: `offline_sync_jobs/{jobId}/chunks/{chunkId}`. */
import { createHash } from 'node:crypto';
import type { CollectionReference, Firestore, Timestamp } from 'firebase-admin/firestore';
import type { Span } from '../audio/chunks.ts';
import type { TimedWord } from '../conversations/conversation.ts';
import type { Failure, JobFile } from './job.ts';
import { JOBS } from './job.ts';

interface ChunkPlan {
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
