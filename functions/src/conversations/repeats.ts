/**
 * Words that were heard before. A device has one microphone, so what two of its recordings say of one moment is one thing:
 * the same audio in files that were cut elsewhere, recordings that overlap, a recording whose first job ended half-way. Pure.
 */
import type { Interval } from './assignment.ts';
import type { TimedWord } from './conversation.ts';

type Spoken = Pick<TimedWord, 'text' | 'startMs' | 'endMs'>;

/**
 * Two words are one when they sound the same and overlap in time: a recogniser's times waver by some tens of milliseconds,
 * and a word cut by the edge of a file is heard as what is left of it, but nobody says a word twice at once. (Nearness alone
 * would also drop the second "no" of "no, no".)
 * @param words of one chunk, in order of their starts. Where two recordings of a run overlap it holds a moment twice itself.
 * @param known words that are stored for the device around that time.
 * @param deleted stretches in which the user deleted what was said.
 * @returns the words that are new.
 */
export function withoutRepeats<T extends Spoken>(
  words: readonly T[],
  known: readonly Spoken[],
  deleted: readonly Interval[],
): T[] {
  const heard = new Map<string, Spoken[]>();
  for (const word of known) remember(heard, word);
  const kept: T[] = [];
  for (const word of words) {
    const at = middle(word);
    if (deleted.some(({ startMs, endMs }) => at >= startMs && at <= endMs)) continue;
    if (heard.get(plainText(word.text))?.some((before) => overlap(before, word)) === true) continue;
    remember(heard, word);
    kept.push(word);
  }
  return kept;
}

export function middle({ startMs, endMs }: Interval): number {
  return (startMs + endMs) / 2;
}

function remember(heard: Map<string, Spoken[]>, word: Spoken): void {
  const text = plainText(word.text);
  const same = heard.get(text);
  if (same === undefined) heard.set(text, [word]);
  else same.push(word);
}

function overlap(a: Interval, b: Interval): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}

/** As it sounds: without case and punctuation, which depend on what a recogniser heard around it. */
function plainText(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '') || text
  );
}
