/** Conversations and transcript segments: their shapes in Firestore under `users/{uid}`. */
import { createHash } from 'node:crypto';
import type { Timestamp } from 'firebase-admin/firestore';
import type * as contract from 'offline-audio-sync-contract';
import type { ConversationSummary, TimedWord } from 'offline-audio-sync-contract';
import type { RecordedWord } from '../jobs/place.ts';

export { segmentsIn } from 'offline-audio-sync-contract';
export { placeKey } from '../jobs/place.ts';
export type { PlacedRecording, RecordedWord } from '../jobs/place.ts';
export type { ConversationSummary, Relevance, SegmentWord, TimedWord } from 'offline-audio-sync-contract';

export type Conversation = contract.ConversationDoc<Timestamp>;
export type Segment = contract.SegmentDoc<Timestamp>;
export type SegmentPage = contract.SegmentPageDoc<Timestamp>;

export const NO_SUMMARY: ConversationSummary = { title: null, overview: null, relevance: null, summaryRevision: 0 };

/**
 * A stretch of time in which a user deleted speech: speech that arrives for it again, in any recording, is dropped. A few minutes at
 * most, see `deletion.ts`. It has no words. `users/{uid}/deleted_speech/{id}`
 */
export interface DeletedSpeech {
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly conversationId: string;
}

/** The fields of a conversation that this package writes. Every other field of a document is custom data (docs/extend.md). */
export const CONVERSATION_FIELDS: ReadonlySet<string> = new Set(
  Object.keys({
    ...{ deviceId: 1, state: 1, startedAt: 1, finishedAt: 1, title: 1, overview: 1, relevance: 1, summaryRevision: 1 },
    ...{ language: 1, languages: 1, segmentCount: 1, wordCount: 1, speechSeconds: 1, mergedInto: 1, deletedAt: 1 },
    ...{ revision: 1, createdByJobId: 1, createdAt: 1, updatedAt: 1 },
  } satisfies Record<keyof Conversation, 1>),
);

/** The summary fields of a conversation, which it keeps until a newer summary is made. */
export function summaryOf(conversation: Conversation | null): ConversationSummary {
  const { title, overview, relevance, summaryRevision } = conversation ?? NO_SUMMARY;
  return { title, overview, relevance, summaryRevision };
}

/** A segment on the absolute time axis, before it is stored. All its words are from one recording. */
export interface TimedSegment extends RecordedWord {
  readonly words: readonly TimedWord[];
}

/** Derived from content and time: writing the same segments twice is a no-op. @param segments of one recording. */
export function pageId(deviceId: string, segments: readonly TimedSegment[]): string {
  const content = segments.map(({ startMs, endMs, text }) => [Math.round(startMs), Math.round(endMs), text]);
  return createHash('sha256')
    .update(JSON.stringify([deviceId, segments[0]?.recording.recordingId, content]))
    .digest('base64url')
    .slice(0, 28);
}

/** The words of a segment on the time axis, with their recording and their voice. */
export function spokenWords({ startedAt, words, recordingId, recordingStartedAt, chunkId, speaker }: Segment) {
  const atMs = startedAt.toMillis();
  const recording = { recordingId, startedAtMs: recordingStartedAt.toMillis() };
  return words.map(({ text, fromMs, toMs }) => {
    return { text, startMs: atMs + fromMs, endMs: atMs + toMs, recording, chunkId, speaker };
  });
}
