/** What a conversation counts. Sums only, so that they do not depend on the order in which speech came. Pure. */
import type { Conversation, TimedSegment } from './conversation.ts';

export type Tally = Pick<Conversation, 'segmentCount' | 'wordCount' | 'speechSeconds' | 'languages'>;

export function tallyOf(segments: readonly TimedSegment[]): Tally {
  const words = segments.flatMap((segment) => segment.words);
  const languages: Record<string, number> = {};
  for (const { language } of words) if (language !== null) languages[language] = (languages[language] ?? 0) + 1;
  const speechMs = words.reduce((sum, { startMs, endMs }) => sum + (endMs - startMs), 0);
  return { segmentCount: segments.length, wordCount: words.length, speechSeconds: speechMs / 1000, languages };
}

export function addTallies(tallies: readonly Tally[]): Tally & Pick<Conversation, 'language'> {
  const total = (value: (tally: Tally) => number): number => tallies.reduce((sum, tally) => sum + value(tally), 0);
  const languages: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [language, words] of Object.entries(tally.languages)) {
      languages[language] = (languages[language] ?? 0) + words;
    }
  }
  return {
    segmentCount: total(({ segmentCount }) => segmentCount),
    wordCount: total(({ wordCount }) => wordCount),
    // In whole milliseconds: sums of fractions depend on their order.
    speechSeconds: total(({ speechSeconds }) => Math.round(speechSeconds * 1000)) / 1000,
    languages,
    language: mostSpoken(languages),
  };
}

/** On a tie the one that comes first in the alphabet. */
function mostSpoken(languages: Readonly<Record<string, number>>): string | null {
  const [first] = Object.entries(languages).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return first?.[0] ?? null;
}
