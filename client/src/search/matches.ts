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
}

interface Matches {
  /** A byte for each sentence: `wanted` where it has all tokens. */
  readonly marks: Uint8Array;
  readonly wanted: number;
  readonly count: number;
}

/** Null where there are none. */
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
  /** Whether a conversation counts here: it may be in a newer block by now. */
  readonly counts: (id: string) => boolean;
  readonly newest: Newest;
}

/** From the newest to the oldest: what comes later is most often too old to be shown, and only counted. */
export function addMatches(
  data: BlockData,
  { marks, wanted }: Matches,
  { filter, counts, newest }: MatchOptions,
): void {
  const speaker = filter.speaker === undefined ? null : data.speakers.indexOf(filter.speaker) + 1;
  if (speaker === 0) return;
  const from = Math.floor((filter.from ?? 0) / 1000);
  const to = (filter.to ?? Number.POSITIVE_INFINITY) / 1000;
  let end = data.sentenceCount;
  for (const { id, deviceId, first } of data.conversations.toReversed()) {
    const next = end;
    end = first;
    if (!counts(id) || (filter.deviceId !== undefined && filter.deviceId !== deviceId)) continue;
    for (let ordinal = next - 1; ordinal >= first; ordinal--) {
      if (marks[ordinal] !== wanted) continue;
      const second = data.seconds[ordinal] ?? 0;
      if (second < from || second >= to) continue;
      if (speaker !== null && data.speakerOf[ordinal] !== speaker) continue;
      newest.add(second, id, ordinal - first);
    }
  }
}
