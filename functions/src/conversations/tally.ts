/** The counts of a conversation. They are sums, so they do not depend on the order in which speech arrived. Pure. */
import type { Conversation, TimedSegment } from './conversation.ts';

export type Tally = Pick<Conversation, 'segmentCount' | 'wordCount' | 'speechSeconds' | 'languages'>;

/** Languages that are counted for one conversation: those with most words. An import may name any number of languages. */
const MOST_LANGUAGES = 100;

export function tallyOf(segments: readonly TimedSegment[]): Tally {
  const words = segments.flatMap((segment) => segment.words);
  const languages = countOf(words.flatMap(({ language }) => (language === null ? [] : [[language, 1] as const])));
  const speechMs = words.reduce((sum, { startMs, endMs }) => sum + (endMs - startMs), 0);
  return { segmentCount: segments.length, wordCount: words.length, speechSeconds: speechMs / 1000, languages };
}

export function addTallies(tallies: readonly Tally[]): Tally & Pick<Conversation, 'language'> {
  const total = (value: (tally: Tally) => number): number => tallies.reduce((sum, tally) => sum + value(tally), 0);
  const languages = countOf(tallies.flatMap((tally) => Object.entries(tally.languages)));
  return {
    segmentCount: total(({ segmentCount }) => segmentCount),
    wordCount: total(({ wordCount }) => wordCount),
    // In whole milliseconds: sums of fractions depend on their order.
    speechSeconds: total(({ speechSeconds }) => Math.round(speechSeconds * 1000)) / 1000,
    languages,
    language: Object.keys(languages)[0] ?? null,
  };
}

/** Words by language, the language of most words first; on a tie the one that comes first in the alphabet. */
function countOf(counts: readonly (readonly [language: string, words: number])[]): Record<string, number> {
  // A map, because a language may be called like a property that every object has.
  const sums = new Map<string, number>();
  for (const [language, words] of counts) sums.set(language, (sums.get(language) ?? 0) + words);
  const sorted = [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST_LANGUAGES));
}
