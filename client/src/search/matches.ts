/** The sentences of one block that match a query. */
import { begunRange, markSentences, termRange } from './block.ts';
import type { BlockData } from './block.ts';
import type { Newest } from './newest.ts';
import type { QueryTokens } from './tokens.ts';

export interface SearchFilter {
  /** Unix milliseconds: `from` inclusive, `to` exclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly deviceId?: string;
  readonly speaker?: string;
  /** Only conversations with a star. */
  readonly isStarred?: boolean;
  /** Only conversations with this tag. */
  readonly tag?: string;
}

interface Matches {
  /** A byte for each sentence: `wanted` if the sentence has all tokens. */
  readonly marks: Uint8Array;
  readonly wanted: number;
  readonly count: number;
}

/** The matches of a block; null if there are none. */
export function matchesIn(data: BlockData, { whole, begun }: QueryTokens): Matches | null {
  const marks = new Uint8Array(data.sentenceCount);
  const ranges = whole.map((token) => termRange(data, token));
  if (begun !== null) ranges.push(begunRange(data, begun));
  let count = 0;
  for (const [wanted, range] of ranges.entries()) {
    count = markSentences(data, range, marks, wanted);
    if (count === 0) return null;
  }
  return { marks, wanted: ranges.length, count };
}

interface MatchOptions {
  readonly filter: SearchFilter;
  /** Whether this block is valid for a conversation, which may be in a newer block by now. */
  readonly counts: (id: string) => boolean;
  readonly newest: Newest;
}

/** Adds matches, the newest first: most later ones are too old to be shown, and are only counted. */
export function addMatches(data: BlockData, { marks, wanted }: Matches, options: MatchOptions): void {
  const passes = sentenceFilter(data, options.filter);
  for (const { id, first, end } of conversationsIn(data, options)) {
    for (let ordinal = end - 1; ordinal >= first; ordinal--)
      if (marks[ordinal] === wanted && passes(ordinal))
        options.newest.add(data.seconds[ordinal] ?? 0, id, ordinal - first);
  }
}

/** Adds, for each conversation, the first sentence that passes the filter. */
export function addConversations(data: BlockData, options: MatchOptions): void {
  const passes = sentenceFilter(data, options.filter);
  for (const { id, first, end } of conversationsIn(data, options)) {
    let ordinal = first;
    while (ordinal < end && !passes(ordinal)) ordinal++;
    if (ordinal < end) options.newest.add(data.seconds[ordinal] ?? 0, id, ordinal - first);
  }
}

/** The valid conversations that pass the filter, the newest first, with the ordinals of their sentences. */
function* conversationsIn(
  data: BlockData,
  { filter: { deviceId, isStarred = false, tag }, counts }: MatchOptions,
): Generator<{ readonly id: string; readonly first: number; readonly end: number }> {
  let end = data.sentenceCount;
  for (const conversation of data.conversations.toReversed()) {
    const { id, first } = conversation;
    const of = { id, first, end };
    end = first;
    if (deviceId !== undefined && deviceId !== conversation.deviceId) continue;
    if (isStarred && !conversation.starred) continue;
    if (tag !== undefined && !conversation.tags.includes(tag)) continue;
    if (counts(id)) yield of;
  }
}

/** Whether a sentence passes the filter's time and speaker. */
function sentenceFilter(data: BlockData, filter: SearchFilter): (ordinal: number) => boolean {
  // −1 if no sentence has this speaker, because 0 means an unknown speaker.
  const speaker = filter.speaker === undefined ? null : data.speakers.indexOf(filter.speaker) + 1 || -1;
  const from = Math.floor((filter.from ?? 0) / 1000);
  const to = (filter.to ?? Number.POSITIVE_INFINITY) / 1000;
  return (ordinal) => {
    const second = data.seconds[ordinal] ?? 0;
    return second >= from && second < to && (speaker === null || data.speakerOf[ordinal] === speaker);
  };
}
