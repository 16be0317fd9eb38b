/** Compares the result with what was said. Pure. */

export interface Word {
  readonly text: string;
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface WordComparison<Expected extends Word = Word> {
  readonly matched: number;
  /** Said, but not in the transcript. */
  readonly missing: readonly Expected[];
  /** In the transcript, but not said, or a second time. */
  readonly invented: readonly Word[];
  /** How far starts and ends of the matched words are off, milliseconds. */
  readonly maxErrorMs: number;
  readonly meanErrorMs: number;
}

/** A word with the same text that is further away than this is another word, milliseconds. */
const SAME_WORD_MS = 500;

/** Pairs each expected word with the nearest recognised one of the same text. Each recognised word is used once. */
export function compareWords<Expected extends Word>(
  expected: readonly Expected[],
  heard: readonly Word[],
): WordComparison<Expected> {
  const candidates = expected
    .flatMap((word, index) =>
      heard
        .map((other, position) => ({ index, position, distance: Math.abs(other.startMs - word.startMs), other }))
        .filter(({ distance, other }) => distance <= SAME_WORD_MS && other.text === word.text),
    )
    .sort((a, b) => a.distance - b.distance);
  const found = new Map<number, number>();
  const used = new Set<number>();
  for (const { index, position } of candidates) {
    if (found.has(index) || used.has(position)) continue;
    found.set(index, position);
    used.add(position);
  }
  const errors = [...found].flatMap(([index, position]) => {
    const [word, other] = [expected[index], heard[position]];
    return word && other ? [Math.abs(other.startMs - word.startMs), Math.abs(other.endMs - word.endMs)] : [];
  });
  return {
    matched: found.size,
    missing: expected.filter((_, index) => !found.has(index)),
    invented: heard.filter((_, position) => !used.has(position)),
    maxErrorMs: Math.max(0, ...errors),
    meanErrorMs: errors.length === 0 ? 0 : errors.reduce((sum, error) => sum + error, 0) / errors.length,
  };
}

/**
 * Compares the texts of a transcript, in order, with the expected ones. @returns null if they are equal, else where they first
 * differ
 */
export function firstDifference(expected: readonly string[], actual: readonly string[]): string | null {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    if (expected[index] === actual[index]) continue;
    return `word ${index + 1} is "${actual[index] ?? '(nothing)'}" instead of "${expected[index] ?? '(nothing)'}"`;
  }
  return null;
}

/** Seconds that a ledger's parts leave unexplained. */
export function unexplainedSeconds(ledger: {
  audio_seconds: number;
  speech_seconds: number;
  silent_seconds: number;
  duplicate_seconds: number;
  failed_seconds: number;
}): number {
  const { audio_seconds, speech_seconds, silent_seconds, duplicate_seconds, failed_seconds } = ledger;
  return audio_seconds - speech_seconds - silent_seconds - duplicate_seconds - failed_seconds;
}
