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
   * `live`: an app shows it. `merged`: late audio joined it to another; `mergedInto` says which. `deleted`: the user
   * deleted it. Merged and deleted ones stay as tombstones, so that links redirect and nothing comes back.
   */
  readonly state: 'live' | 'merged' | 'deleted';
  readonly startedAt: Timestamp;
  readonly finishedAt: Timestamp;
  /** Language of the most recent words; null when unknown. */
  readonly language: string | null;
  readonly segmentCount: number;
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
  readonly chunkId: string;
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
  readonly words: number;
}

/** Derived from content and time: writing the same segment twice is a no-op. */
export function segmentId(deviceId: string, { startMs, endMs, text }: TimedSegment): string {
  return createHash('sha256')
    .update(JSON.stringify([deviceId, Math.round(startMs), Math.round(endMs), text]))
    .digest('base64url')
    .slice(0, 28);
}
