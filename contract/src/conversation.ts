/** Conversations and transcript segments, below `users/{uid}`. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/** Whether anything was said: a cough, or "um", is marked so that an app can show it in its own way; it is never hidden here. */
export type Relevance = 'speech' | 'fillers';

/**
 * - `live`: an app shows it.
 * - `merged`: late audio joined it to another; `mergedInto` says which.
 * - `deleting`: the user deleted it, and its segments are being deleted.
 * - `deleted`: nothing of it is left.
 *
 * All but live ones are tombstones: links redirect, and deleted speech does not come back.
 */
export type ConversationState = 'live' | 'merged' | 'deleting' | 'deleted';

/** What is derived from the transcript when a job ends. */
export interface ConversationSummary {
  readonly title: string | null;
  readonly overview: string | null;
  /** Null until it was determined. */
  readonly relevance: Relevance | null;
  /** The revision that this summary became part of: while it equals `revision`, the transcript has not changed since. */
  readonly summaryRevision: number;
}

/**
 * An interval on one device's time axis. Its transcript is the segments of that device in the interval, so a merge
 * rewrites no transcript. `users/{uid}/conversations/{conversationId}`
 */
export interface ConversationDoc<Time = Instant> extends ConversationSummary {
  readonly deviceId: string;
  readonly state: ConversationState;
  readonly startedAt: Time;
  readonly finishedAt: Time;
  /** The language of most of its words; null when unknown. */
  readonly language: string | null;
  /** Words by language, those of unknown language left out. */
  readonly languages: Readonly<Record<string, number>>;
  /** Segments of its transcript. How many depends on how the audio was cut into jobs: show `wordCount` instead. */
  readonly segmentCount: number;
  readonly wordCount: number;
  /** The time that its words take, pauses between them left out. */
  readonly speechSeconds: number;
  readonly mergedInto: string | null;
  readonly deletedAt: Time | null;
  /** Rises with every change. */
  readonly revision: number;
  /** The job that began it: tells a job's new conversations from those it added to. */
  readonly createdByJobId: string;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

/** What ids of jobs, chunks and recordings begin with that an import made up. */
export const IMPORTED = 'import_';

/** Whether a conversation began with an import (`importConversations`). */
export function isImported({ createdByJobId }: Pick<ConversationDoc, 'createdByJobId'>): boolean {
  return createdByJobId.startsWith(IMPORTED);
}

/** Where segments come from: what all segments of a page share. */
export interface SegmentSource<Time = Instant> {
  readonly deviceId: string;
  /** The recording that it was said in, by content, and where that lies on the time axis. */
  readonly recordingId: string;
  readonly recordingStartedAt: Time;
  /** What transcribed it, service or model: `deepgram/nova-3`. Absent in segments of before this was stored. */
  readonly transcriber?: string;
  /** `offline_sync_jobs/{jobId}/chunks/{chunkId}`, as long as that exists. */
  readonly jobId: string;
  readonly chunkId: string;
}

/** What one speaker said in one recording without a longer pause. */
export interface PageSegment<Time = Instant> {
  readonly startedAt: Time;
  readonly endedAt: Time;
  readonly text: string;
  /**
   * Number of the voice: the same number is the same voice, in whatever chunk. In no order, and up to 2^48. Null where speakers were not
   * told apart.
   */
  readonly speaker: number | null;
  /** Mean of the words', 0 to 1. */
  readonly confidence: number;
  readonly language: string | null;
  /** In order of time: for showing where playback is, and for recognising the same speech when it comes again. */
  readonly words: readonly SegmentWord[];
}

/** A segment with where it comes from, as {@link segmentsIn} gives it. */
export interface SegmentDoc<Time = Instant> extends SegmentSource<Time>, PageSegment<Time> {}

/**
 * Segments as they are stored: those that one chunk brought of one recording, in one conversation, up to a few minutes of them. In
 * pages, because what is written and read is paid by the document. A page changes only where the recording's date is corrected:
 * then another takes its place. `users/{uid}/segments/{pageId}`
 */
export interface SegmentPageDoc<Time = Instant> extends SegmentSource<Time> {
  /** The start of the first segment. */
  readonly startedAt: Time;
  /** The end of the segment that ends last. */
  readonly endedAt: Time;
  /** In order of time. */
  readonly segments: readonly PageSegment<Time>[];
  /** The voices in it, each once. */
  readonly speakers: readonly number[];
}

/** No page of several segments is longer, milliseconds: about 100 KB of speech without a pause. */
export const LONGEST_PAGE_MS = 5 * 60_000;

/** The segments of pages, in order of time. Those of the last page may lie behind the first ones of the page that follows. */
export function segmentsIn<Time extends Instant>(pages: Iterable<SegmentPageDoc<Time>>): SegmentDoc<Time>[] {
  return [...pages]
    .flatMap(({ startedAt: _startedAt, endedAt: _endedAt, speakers: _speakers, segments, ...source }) =>
      segments.map((segment) => ({ ...source, ...segment })),
    )
    .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis());
}

/** Times in milliseconds from the start of the segment. */
export interface SegmentWord {
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only where it is not the segment's. */
  readonly language?: string | null;
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

/**
 * Of `users/{uid}`: when everything that the user had was deleted last; absent where it never was. Nothing is left of what was deleted, not
 * even a tombstone, so a copy that was made before is void as a whole.
 */
export interface ContentDeletion<Time = Instant> {
  readonly contentDeletedAt?: Time;
}
