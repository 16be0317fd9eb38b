/**
 * Words that were heard before. A device has one microphone, so what two of its recordings say of one moment is one thing:
 * the same audio in files that were cut elsewhere, recordings that overlap, a recording whose first job ended half-way. Pure.
 */
import type { Interval } from './assignment.ts';
import type { TimedWord } from './conversation.ts';

/**
 * How far apart two hearings of one word may be, milliseconds between their middles: a recogniser's times waver by some tens
 * of milliseconds, and a word cut by the edge of a file is heard as what is left of it.
 */
export const SAME_WORD_MS = 150;

type Spoken = Pick<TimedWord, 'text' | 'startMs' | 'endMs'>;

/**
 * @param words of one chunk, in order of time.
 * @param known words that are stored for the device around that time. Each stands for one word: of "no, no, no" only as many
 * are dropped as are known.
 * @param deleted stretches in which the user deleted what was said.
 * @returns the words that are new.
 */
export function withoutRepeats<T extends Spoken>(
  words: readonly T[],
  known: readonly Spoken[],
  deleted: readonly Interval[],
): T[] {
  const heard = new Map<string, number[]>();
  for (const word of known) {
    const text = plainText(word.text);
    const middles = heard.get(text);
    if (middles === undefined) heard.set(text, [middle(word)]);
    else middles.push(middle(word));
  }
  const kept: T[] = [];
  for (const word of words) {
    if (isDeleted(word, deleted) || isOverlapOf(kept, word) || takeNearest(heard.get(plainText(word.text)), word))
      continue;
    kept.push(word);
  }
  return kept;
}

export function middle({ startMs, endMs }: Interval): number {
  return (startMs + endMs) / 2;
}

function isDeleted(word: Spoken, deleted: readonly Interval[]): boolean {
  const at = middle(word);
  return deleted.some(({ startMs, endMs }) => at >= startMs - SAME_WORD_MS && at <= endMs + SAME_WORD_MS);
}

/** Takes the known word away that this one is, if there is one. */
function takeNearest(middles: number[] | undefined, word: Spoken): boolean {
  if (middles === undefined) return false;
  const at = middle(word);
  let nearest = -1;
  for (const [i, candidate] of middles.entries()) {
    if (Math.abs(candidate - at) > SAME_WORD_MS) continue;
    if (nearest === -1 || Math.abs(candidate - at) < Math.abs((middles[nearest] ?? Infinity) - at)) nearest = i;
  }
  if (nearest !== -1) middles.splice(nearest, 1);
  return nearest !== -1;
}

/**
 * Recordings of one run may overlap by as much as the gap they may have, so a chunk can hold a moment twice. Nobody says the
 * same word twice at once; one after the other, which the tolerance alone would take for the same, anybody does.
 */
function isOverlapOf(kept: readonly Spoken[], word: Spoken): boolean {
  const text = plainText(word.text);
  for (let i = kept.length - 1; i >= 0; i--) {
    const before = kept[i];
    if (before === undefined || before.startMs < word.startMs - OVERLAP_REACH_MS) return false;
    const overlaps = before.startMs < word.endMs && word.startMs < before.endMs;
    if (overlaps && Math.abs(middle(before) - middle(word)) <= SAME_WORD_MS && plainText(before.text) === text)
      return true;
  }
  return false;
}

/** Of two words in order of their starts whose middles are that close, the first begins at most this much earlier. */
const OVERLAP_REACH_MS = 5000;

/** As it sounds: without case and punctuation, which depend on what a recogniser heard around it. */
function plainText(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '') || text
  );
}
