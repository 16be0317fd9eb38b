/** Conversations and transcript segments, below `users/{uid}`. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/**
 * Whether anything was said. A conversation of coughs or "um" is marked, so that an app can show it in its own way; nothing hides it
 * here.
 */
export type Relevance = 'speech' | 'fillers';

/**
 * - `live`: an app shows it.
 * - `merged`: late audio merged it into another; `mergedInto` says which.
 * - `deleting`: the user deleted it, and its segments are being deleted.
 * - `deleted`: nothing of it is left.
 *
 * All but live ones are tombstones: links redirect, and deleted speech does not come back.
 */
export type ConversationState = 'live' | 'merged' | 'deleting' | 'deleted';

/** The fields that are derived from the transcript when a job ends. */
export interface ConversationSummary {
  readonly title: string | null;
  readonly overview: string | null;
  /** Null until it is determined. */
  readonly relevance: Relevance | null;
  /** The revision with which this summary was written. If it equals `revision`, the transcript has not changed since. */
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
  /** Number of words by language, without words of unknown language. */
  readonly languages: Readonly<Record<string, number>>;
  /** Number of segments. It depends on how the audio was cut into jobs: show `wordCount` instead. */
  readonly segmentCount: number;
  readonly wordCount: number;
  /** The time that its words take, without the pauses between them. */
  readonly speechSeconds: number;
  readonly mergedInto: string | null;
  readonly deletedAt: Time | null;
  /** Rises with every change. */
  readonly revision: number;
  /** The job that began it. Tells a job's new conversations from those that it added to. */
  readonly createdByJobId: string;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

/** The beginning of ids of jobs, chunks and recordings that an import made up. */
export const IMPORTED = 'import_';

/** Whether a conversation began with an import (`importConversations`). */
export function isImported({ createdByJobId }: Pick<ConversationDoc, 'createdByJobId'>): boolean {
  return createdByJobId.startsWith(IMPORTED);
}

/** The fields that all segments of a page share: where they come from. */
export interface SegmentSource<Time = Instant> {
  readonly deviceId: string;
  /** The recording, by content, and where it lies on the time axis. */
  readonly recordingId: string;
  readonly recordingStartedAt: Time;
  /** The service or model that transcribed it: `deepgram/nova-3`. Absent in old segments. */
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
   * Number of the voice. The same number means the same voice in every chunk. Numbers have no order and go up to 2^48. Null if speakers
   * were not told apart.
   */
  readonly speaker: number | null;
  /** Mean confidence of the words, 0 to 1. */
  readonly confidence: number;
  readonly language: string | null;
  /** In order of time. Used to show the place of playback, and to recognise the same speech when it is sent again. */
  readonly words: readonly SegmentWord[];
}

/** A segment with its source, as {@link segmentsIn} returns it. */
export interface SegmentDoc<Time = Instant> extends SegmentSource<Time>, PageSegment<Time> {}

/**
 * Segments as they are stored: a few minutes of one recording, from one chunk and in one conversation. They are stored in pages because
 * Firestore bills reads and writes by the document. A page changes only if the recording's date is corrected: then another page
 * replaces it. `users/{uid}/segments/{pageId}`
 */
export interface SegmentPageDoc<Time = Instant> extends SegmentSource<Time> {
  /** The start of the first segment. */
  readonly startedAt: Time;
  /** The end of the segment that ends last. */
  readonly endedAt: Time;
  /** In order of time. */
  readonly segments: readonly PageSegment<Time>[];
  /** The numbers of its voices, each once. */
  readonly speakers: readonly number[];
}

/** No page of several segments is longer, milliseconds: about 100 KB of speech without a pause. */
export const LONGEST_PAGE_MS = 5 * 60_000;

/** The segments of pages, in order of time. The last ones may come after the first segments of the page that follows. */
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
  /** Given only if it differs from the segment's language. */
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
 * A field of `users/{uid}`: when everything of the user was last deleted; absent if it never was. That leaves no tombstones, so a copy
 * that was made before must be discarded as a whole.
 */
export interface ContentDeletion<Time = Instant> {
  readonly contentDeletedAt?: Time;
}
