/** Searching in a transcript. */
import { findIn, fold, foldQuery, type Folded, type TextRange } from 'offline-audio-sync-client/search';

/** What a query matches in each line that has it, by the line's index. */
export type Matches = ReadonlyMap<number, readonly TextRange[]>;

const NONE: Matches = new Map();

/** The lines of a transcript, made ready once, so that every key that is typed costs little. */
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

/** Where any of the words of a query begins a word of a text. Ranges in order, none of which overlaps another. */
export function markWords(text: string, query: string): TextRange[] {
  const folded = fold(text);
  const found = foldQuery(query)
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => findIn(folded, word))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  return found.filter(({ start }, index) => found.slice(0, index).every((before) => before.end <= start));
}
