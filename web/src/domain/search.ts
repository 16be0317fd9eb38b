/** Searches within a transcript. */
import { findIn, fold, foldQuery, type Folded, type TextRange } from 'offline-audio-sync-client/search';

/** The ranges that match a query, by the index of the line. Lines without a match are left out. */
export type Matches = ReadonlyMap<number, readonly TextRange[]>;

const NONE: Matches = new Map();

/** The lines of a transcript, prepared once, so that searching at each keystroke is fast. */
export class TranscriptSearch {
  readonly #lines: readonly { readonly text: string }[];
  #folded: readonly Folded[] | null = null;

  constructor(lines: readonly { readonly text: string }[]) {
    this.#lines = lines;
  }

  find(query: string): Matches {
    const wanted = foldQuery(query);
    if (wanted === '') return NONE;
    this.#folded ??= this.#lines.map(({ text }) => fold(text));
    const found = new Map<number, readonly TextRange[]>();
    for (const [index, line] of this.#folded.entries()) {
      const ranges = findIn(line, wanted);
      if (ranges.length > 0) found.set(index, ranges);
    }
    return found;
  }
}

export function countOf(matches: Matches): number {
  return [...matches.values()].reduce((sum, ranges) => sum + ranges.length, 0);
}

/** Where a word of the text begins with a word of the query. The ranges are in order and do not overlap. */
export function markWords(text: string, query: string): TextRange[] {
  const folded = fold(text);
  const found = foldQuery(query)
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => findIn(folded, word))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  return found.filter(({ start }, index) => found.slice(0, index).every((before) => before.end <= start));
}
