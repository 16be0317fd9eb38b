/** Measures the errors of a recogniser in words and in their times. Pure. */
import type { Word } from './compare.ts';

/** Abbreviations and their spoken form. */
const SAID: ReadonlyMap<string, string> = new Map([
  ['mr', 'mister'],
  ['mrs', 'missus'],
  ['dr', 'doctor'],
]);

const TEENS = 'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const UNITS = [...'zero one two three four five six seven eight nine'.split(' '), ...TEENS];
const TENS = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** The words as they are spoken: titles in full, and numbers below a hundred in words. */
function saidAs(word: string): string[] {
  if (!/^\d{1,2}$/.test(word)) return [SAID.get(word) ?? word];
  const number = Number(word);
  const [unit = word, ten = word] = [UNITS[number] ?? UNITS[number % 10], TENS[Math.floor(number / 10)]];
  if (number < UNITS.length) return [unit];
  return number % 10 === 0 ? [ten] : [ten, unit];
}

/** Words as they are compared: lower case, without punctuation, as they are said; a hyphen divides. */
export function comparable(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll('\u2019', "'")
    .replace(/[^\p{L}\p{N}']+/gu, ' ')
    .split(' ')
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '')
    .flatMap(saidAs);
}

/** The form in which words are compared. */
function keyOf({ text }: { readonly text: string }): string {
  return comparable(text).join('');
}

/** The pairs of words on the shortest way from one list to the other; null if a word has no counterpart. */
export function alignWords<A extends { readonly text: string }, B extends { readonly text: string }>(
  expected: readonly A[],
  heard: readonly B[],
): { readonly expected: A | null; readonly heard: B | null }[] {
  const expectedKeys = expected.map(keyOf);
  const heardKeys = heard.map(keyOf);
  const differ = (i: number, j: number): number => (expectedKeys[i - 1] === heardKeys[j - 1] ? 0 : 1);
  const width = heard.length + 1;
  const costs = new Uint32Array((expected.length + 1) * width);
  for (let i = 0; i <= expected.length; i++) {
    for (let j = 0; j <= heard.length; j++) {
      const [a, b] = [expected[i - 1], heard[j - 1]];
      costs[i * width + j] = Math.min(
        i > 0 ? (costs[(i - 1) * width + j] ?? 0) + 1 : i + j,
        j > 0 ? (costs[i * width + j - 1] ?? 0) + 1 : i + j,
        a && b ? (costs[(i - 1) * width + j - 1] ?? 0) + differ(i, j) : i + j,
      );
    }
  }
  const pairs: { expected: A | null; heard: B | null }[] = [];
  for (let i = expected.length, j = heard.length; i > 0 || j > 0;) {
    const [a = null, b = null] = [expected[i - 1], heard[j - 1]];
    const cost = costs[i * width + j];
    if (a && b && cost === (costs[(i - 1) * width + j - 1] ?? 0) + differ(i, j)) {
      pairs.push({ expected: a, heard: b });
      [i, j] = [i - 1, j - 1];
    } else if (a && cost === (costs[(i - 1) * width + j] ?? 0) + 1) {
      pairs.push({ expected: a, heard: null });
      i--;
    } else {
      pairs.push({ expected: null, heard: b });
      j--;
    }
  }
  return pairs.reverse();
}

export interface WordErrors {
  readonly words: number;
  /** Words that are missing, wrong, or were never said. */
  readonly errors: number;
}

/** @param expected the text that was said */
export function wordErrors(expected: string, heard: string): WordErrors {
  const asWords = (text: string) => comparable(text).map((word) => ({ text: word }));
  const words = asWords(expected);
  const pairs = alignWords(words, asWords(heard));
  return { words: words.length, errors: pairs.filter((pair) => pair.expected?.text !== pair.heard?.text).length };
}

export interface TimeErrors {
  /** Words that were recognised, so that their times can be compared. */
  readonly words: number;
  /** Milliseconds: the median and the 95th percentile. */
  readonly startMedianMs: number;
  readonly start95Ms: number;
  readonly endMedianMs: number;
  readonly end95Ms: number;
}

export function timeErrors(expected: readonly Word[], heard: readonly Word[]): TimeErrors {
  const pairs = alignWords(expected, heard).flatMap(({ expected: said, heard: got }) =>
    said && got && keyOf(said) === keyOf(got) ? [{ said, got }] : [],
  );
  const starts = pairs.map(({ said, got }) => Math.abs(said.startMs - got.startMs));
  const ends = pairs.map(({ said, got }) => Math.abs(said.endMs - got.endMs));
  return {
    words: pairs.length,
    startMedianMs: percentile(starts, 0.5),
    start95Ms: percentile(starts, 0.95),
    endMedianMs: percentile(ends, 0.5),
    end95Ms: percentile(ends, 0.95),
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
