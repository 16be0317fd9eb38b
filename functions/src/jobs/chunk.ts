/**
 * The result of one transcription request: `offline_sync_jobs/{jobId}/chunks/{chunkId}`. Written once, in the transaction that
 * writes the words' segments, conversations, coverage and usage.
 */
import { createHash } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query } from 'firebase-admin/firestore';
import type { Span } from '../audio/chunk/chunks.ts';
import { chunksPath } from 'offline-audio-sync-contract';
import type { TimedWord } from 'offline-audio-sync-contract';
import { recordingId } from '../audio/read/identity.ts';
import type { JobFile } from './job.ts';
import { placeKey } from './place.ts';
import type { RecordedWord } from './place.ts';

/** A recording that a chunk has audio of. */
export interface ChunkRecording {
  readonly fileName: string;
  readonly recordingId: string;
  readonly startedAt: Timestamp;
}

export interface ChunkWord extends TimedWord {
  /** Index of the recording in which the word begins. */
  readonly recording: number;
}

/** Who speaks from when to when, milliseconds from the start of the recording. */
export interface VoiceTurn {
  readonly recordingId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly speaker: number;
}

export interface ChunkDoc {
  readonly uid: string;
  readonly deviceId: string;
  /** Which frames of which recordings, and the map from chunk time to absolute time. */
  readonly spans: readonly Span[];
  /** The recordings of the spans: once each, in the order in which they begin. */
  readonly recordings: readonly ChunkRecording[];
  readonly durationMs: number;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  /** The words that became segments: without words that were stored before, or deleted since. */
  readonly words: readonly ChunkWord[];
  /** Who spoke in the context: the speech before the chunk, sent with it to tell voices apart. */
  readonly context: readonly VoiceTurn[];
  readonly language: string | null;
  readonly requestId: string;
  /** What transcribed it. Absent in chunks of before this was stored. */
  readonly transcriber?: string;
  readonly billedSeconds: number;
  readonly conversationIds: readonly string[];
  readonly expiresAt: Timestamp;
}

/** The chunks of a job that begin in a stretch of time, Unix milliseconds. */
export function chunksBetween(db: Firestore, jobId: string, startMs: number, endMs: number): Query<ChunkDoc> {
  return chunksOf(db, jobId)
    .where('startedAt', '>=', Timestamp.fromMillis(startMs))
    .where('startedAt', '<=', Timestamp.fromMillis(endMs));
}

/** The recordings that chunks name, by file name. @param uid of their owner. */
export function chunkRecordings(
  uid: string,
  spans: readonly Span[],
  files: { get(name: string): JobFile | undefined },
): ChunkRecording[] {
  return [...new Set(spans.map(({ fileName }) => fileName))].map((fileName) => {
    const file = files.get(fileName);
    if (typeof file?.md5 !== 'string') throw new Error('A chunk has a recording that its job does not know.');
    return { fileName, recordingId: recordingId(uid, file.md5, file.size), startedAt: file.startedAt };
  });
}

/** The words of a chunk with the recordings that they begin in. */
export function recordedWords({ words, recordings }: Pick<ChunkDoc, 'words' | 'recordings'>): RecordedWord[] {
  const places = recordings.map(({ recordingId: id, startedAt }) => ({
    recordingId: id,
    startedAtMs: startedAt.toMillis(),
  }));
  return words.map((word) => {
    const recording = places[word.recording];
    if (recording === undefined) throw new Error('A word of a chunk has no recording.');
    return { ...word, recording };
  });
}

/** The inverse of {@link recordedWords}. */
export function chunkWords(words: readonly RecordedWord[], recordings: readonly ChunkRecording[]): ChunkWord[] {
  const indexes = new Map(
    recordings.map(({ recordingId: id, startedAt }, index) => [
      placeKey({ recordingId: id, startedAtMs: startedAt.toMillis() }),
      index,
    ]),
  );
  return words.map(({ recording, ...word }) => ({ ...word, recording: indexes.get(placeKey(recording)) ?? 0 }));
}

/** Rounded outwards to whole milliseconds. */
export function chunkInterval(startMs: number, endMs: number): Pick<ChunkDoc, 'startedAt' | 'endedAt'> {
  return { startedAt: Timestamp.fromMillis(Math.floor(startMs)), endedAt: Timestamp.fromMillis(Math.ceil(endMs)) };
}

export function chunksOf(db: Firestore, jobId: string): CollectionReference<ChunkDoc> {
  return db.collection(chunksPath(jobId)) as CollectionReference<ChunkDoc>;
}

/** Derived from the exact audio, so that writing the same result again writes the same document. */
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
