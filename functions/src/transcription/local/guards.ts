/** Detects made-up output of a recogniser: over audio without speech, such models repeat themselves or invent phrases. */

export interface Evidence {
  /** The ids of the tokens that were written, in order, without the end token. */
  readonly tokens: readonly number[];
  /** The natural logarithm of each token's probability, that of the end token last. */
  readonly logProbabilities: Float32Array;
  /** Whether it wrote the most tokens that it may, without an end token. */
  readonly isCutOff: boolean;
}

/** A text with a lower mean is a guess. The measured means of speech are -0.04 to -0.60. */
const MIN_MEAN_LOG_PROBABILITY = -0.75;

/** A phrase that is repeated this often in a row is a loop. People also repeat shorter phrases: "no, no, no". */
const REPEATS = 3;
const MIN_LOOP_TOKENS = 4;

/** The same for phrases of one or two tokens. */
const SHORT_REPEATS = 8;

/** @returns why the text is not credible; null if it is. */
export function doubtOf({ tokens, logProbabilities, isCutOff }: Evidence): 'endless' | 'repeats' | 'unsure' | null {
  if (isCutOff) return 'endless';
  if (tokens.length > 0 && meanOf(logProbabilities) < MIN_MEAN_LOG_PROBABILITY) return 'unsure';
  return repeatsItself(tokens) ? 'repeats' : null;
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether a phrase is repeated several times in a row. */
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
