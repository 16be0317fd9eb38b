/** Tells what a recogniser heard from what it made up: such models repeat themselves, or invent phrases, over what is no speech. */

export interface Evidence {
  /** Ids or texts of what was written, in order, without the end token. */
  readonly tokens: readonly number[];
  /** Natural logarithm of each token's probability, the end token's last. */
  readonly logProbabilities: Float32Array;
  /** It wrote as many tokens as it was allowed, and was not at an end. */
  readonly isCutOff: boolean;
}

/** Mean below which a text is a guess. Of speech, by measurement: -0.04 to -0.60. */
const MIN_MEAN_LOG_PROBABILITY = -0.75;

/** A phrase of this many tokens or more, so often in a row, is a loop. Shorter ones people say: "no, no, no". */
const REPEATS = 3;
const MIN_LOOP_TOKENS = 4;

/** Of one token or two it takes more. */
const SHORT_REPEATS = 8;

/** @returns why the text is not to be believed; null where it is. */
export function doubtOf({ tokens, logProbabilities, isCutOff }: Evidence): 'endless' | 'repeats' | 'unsure' | null {
  if (isCutOff) return 'endless';
  if (tokens.length > 0 && meanOf(logProbabilities) < MIN_MEAN_LOG_PROBABILITY) return 'unsure';
  return repeatsItself(tokens) ? 'repeats' : null;
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether some phrase stands several times in a row. */
export function repeatsItself(tokens: readonly number[]): boolean {
  for (let length = 1; 2 * length <= tokens.length; length++) {
    const repeats = length < MIN_LOOP_TOKENS ? SHORT_REPEATS : REPEATS;
    // How many tokens in a row equal those one length before them.
    let equal = 0;
    for (let i = length; i < tokens.length; i++) {
      equal = tokens[i] === tokens[i - length] ? equal + 1 : 0;
      if (equal >= length * (repeats - 1)) return true;
    }
  }
  return false;
}
