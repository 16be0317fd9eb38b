/** Finds the words in recognised stretches of audio. */
/** A word of a sample, with the part of it that the recordings have. */
export interface KnownWord {
  readonly text: string;
  readonly speaker: string;
  readonly language: string;
  /** Absolute time, Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  /** How much of it the recordings have, milliseconds: less than its length if a frame is lost. */
  readonly availableMs: number;
  /** The start of that part, Unix milliseconds. */
  readonly availableFromMs: number;
}

/** The words of one scenario, in order of time. */
export interface KnownSpeech {
  readonly words: readonly KnownWord[];
}

/** A stretch of received audio that is a stretch of a sample. All times are in milliseconds. */
export interface Match {
  readonly speech: KnownSpeech;
  /** The start on the time axis of the sample, Unix milliseconds. */
  readonly sourceMs: number;
  /** The start in the received audio. */
  readonly atMs: number;
  readonly durationMs: number;
}

export interface HeardWord {
  /** The text for readers, with punctuation. */
  readonly text: string;
  /** In the received audio, milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly confidence: number;
  /** Null for unknown speech. */
  readonly speaker: string | null;
  readonly language: string | null;
}

/** One occurrence of a word, as far as it was received. */
interface Sounding {
  readonly word: KnownWord;
  /** The first and the last time received, on the time axis of the sample, Unix milliseconds. */
  readonly fromMs: number;
  untilMs: number;
  heardMs: number;
  /** In the received audio. */
  readonly startMs: number;
  endMs: number;
}

const ROUNDING_MS = 1e-6;

/**
 * The words of which the larger part is in the audio, with their places. A word that was received twice is returned twice. If
 * its two halves are equal and apart, the half with its beginning counts.
 * @param matches in the order of the received audio
 * @param durationMs the duration of the received audio; words before 0 (pre-skip) or after it (end trimming) do not count
 */
export function hearWords(matches: readonly Match[], durationMs: number): HeardWord[] {
  const soundings: Sounding[] = [];
  const open = new Map<KnownWord, Sounding>();
  for (const match of matches) {
    const from = match.sourceMs + Math.max(0, -match.atMs);
    const until = match.sourceMs + Math.min(match.durationMs, durationMs - match.atMs);
    for (const word of wordsBetween(match.speech.words, from, until)) {
      const fromMs = Math.max(from, word.startMs);
      const untilMs = Math.min(until, word.endMs);
      const endMs = match.atMs + untilMs - match.sourceMs;
      const going = open.get(word);
      if (going !== undefined && fromMs >= going.untilMs - ROUNDING_MS) {
        going.untilMs = untilMs;
        going.heardMs += untilMs - fromMs;
        going.endMs = endMs;
        continue;
      }
      const startMs = match.atMs + fromMs - match.sourceMs;
      const sounding = { word, fromMs, untilMs, heardMs: untilMs - fromMs, startMs, endMs };
      open.set(word, sounding);
      soundings.push(sounding);
    }
  }
  return soundings.filter(isHeard).map(toHeardWord);
}

function isHeard({ word, heardMs, fromMs }: Sounding): boolean {
  const surplus = heardMs - word.availableMs / 2;
  if (Math.abs(surplus) > ROUNDING_MS) return surplus > 0;
  return fromMs <= word.availableFromMs + ROUNDING_MS;
}

function toHeardWord({ word, startMs, endMs }: Sounding): HeardWord {
  return { text: word.text, startMs, endMs, confidence: 0.99, speaker: word.speaker, language: word.language };
}

/** Words that overlap a time, from a list in order of time without overlaps. */
function* wordsBetween(words: readonly KnownWord[], fromMs: number, untilMs: number): Generator<KnownWord> {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.endMs ?? Infinity) <= fromMs) low = middle + 1;
    else high = middle;
  }
  for (let i = low; ; i++) {
    const word = words[i];
    if (word === undefined || word.startMs >= untilMs) return;
    if (untilMs > fromMs) yield word;
  }
}
