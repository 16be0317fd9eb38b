/** Conversations and transcript segments: their shapes in Firestore under `users/{uid}`. */
import { createHash } from 'node:crypto';
import type { Timestamp } from 'firebase-admin/firestore';

/** Whether anything was said: a cough, or "um", is marked so that an app can show it in its own way; it is never hidden here. */
export type Relevance = 'speech' | 'fillers';

/** What is derived from the transcript after a job's end: see `summaries.ts`. */
export interface ConversationSummary {
  readonly title: string | null;
  readonly overview: string | null;
  /** Null until it was looked at. */
  readonly relevance: Relevance | null;
  /** The revision that this summary became part of: while it equals `revision`, the transcript has not changed since. */
  readonly summaryRevision: number;
}

export const NO_SUMMARY: ConversationSummary = { title: null, overview: null, relevance: null, summaryRevision: 0 };

/**
 * An interval on one device's time axis. Its transcript is the segments of that device in the interval, so a merge
 * rewrites no transcript.
 * `users/{uid}/conversations/{conversationId}`
 */
export interface Conversation extends ConversationSummary {
  readonly deviceId: string;
  /**
   * `live`: an app shows it. `merged`: late audio joined it to another; `mergedInto` says which. `deleting`: the user
   * deleted it, and its segments are on their way out. `deleted`: nothing of it is left. All but live ones are tombstones:
   * links redirect, and nothing comes back.
   */
  readonly state: 'live' | 'merged' | 'deleting' | 'deleted';
  readonly startedAt: Timestamp;
  readonly finishedAt: Timestamp;
  /** Of most of its words; null when unknown. */
  readonly language: string | null;
  /** Words by language, those of unknown language left out. */
  readonly languages: Readonly<Record<string, number>>;
  /** Documents that its transcript takes. How many depends on how the audio was cut into jobs: show `wordCount` instead. */
  readonly segmentCount: number;
  readonly wordCount: number;
  /** The time that its words take, pauses between them left out. */
  readonly speechSeconds: number;
  readonly mergedInto: string | null;
  readonly deletedAt: Timestamp | null;
  /** Rises with every change. */
  readonly revision: number;
  /** The job that began it: tells a job's new conversations from those it added to. */
  readonly createdByJobId: string;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

/** What somebody said without a longer pause: an immutable fact. `users/{uid}/segments/{segmentId}` */
export interface Segment {
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly text: string;
  /** Number of the speaker within the chunk; null where speakers were not told apart. Means nothing across chunks. */
  readonly speaker: number | null;
  /** Mean of the words', 0 to 1. */
  readonly confidence: number;
  readonly language: string | null;
  /** In order of time: for showing where one is, and for recognising the same speech when it comes again. */
  readonly words: readonly SegmentWord[];
  /** Where it comes from: `offline_sync_jobs/{jobId}/chunks/{chunkId}`, as long as that exists. */
  readonly jobId: string;
  readonly chunkId: string;
}

/** Times in milliseconds from the start of the segment. */
export interface SegmentWord {
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * A stretch in which a user deleted what was said: what comes again from there, in whatever recording, is dropped. A few
 * minutes at most each, see `deletion.ts`. Knows nothing of what was said. `users/{uid}/deleted_speech/{id}`
 */
export interface DeletedSpeech {
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly conversationId: string;
}

/** The summary that a conversation has, until a newer one is made: all that a change of its interval carries over. */
export function summaryOf(conversation: Conversation | null): ConversationSummary {
  const { title, overview, relevance, summaryRevision } = conversation ?? NO_SUMMARY;
  return { title, overview, relevance, summaryRevision };
}

/** A word on the absolute time axis, Unix milliseconds. */
export interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly confidence: number;
  readonly speaker: number | null;
  readonly language: string | null;
}

/** A segment on the absolute time axis, before it becomes a document. */
export interface TimedSegment extends TimedWord {
  readonly words: readonly TimedWord[];
}

/** Derived from content and time: writing the same segment twice is a no-op. */
export function segmentId(deviceId: string, { startMs, endMs, text }: TimedSegment): string {
  return createHash('sha256')
    .update(JSON.stringify([deviceId, Math.round(startMs), Math.round(endMs), text]))
    .digest('base64url')
    .slice(0, 28);
}
