/** Divides folded text into tokens, which are indexed and searched. */
import { SPACELESS_SCRIPTS } from 'offline-audio-sync-contract';

const UNSPACED = new RegExp(`[${SPACELESS_SCRIPTS}]`, 'u');
const WORD = /[\p{L}\p{N}\p{M}]+(?:'[\p{L}\p{N}\p{M}]+)*/gu;

/** Longer tokens are cut, UTF-16 code units: they are not typed, and noise must not grow the index. */
const LONGEST = 40;

/**
 * In scripts without spaces, each pair of neighbouring characters is a token, and so is the last character alone. So any part of a text
 * can be found without a dictionary, which differs between versions of browsers.
 * @param folded by `foldText`
 */
export function tokensOf(folded: string): string[] {
  const tokens: string[] = [];
  for (const [word] of folded.matchAll(WORD)) {
    for (const { run, isSpaced } of runsOf(word)) {
      if (isSpaced) tokens.push(run.slice(0, LONGEST));
      else tokens.push(...pairsOf(run));
    }
  }
  return tokens;
}

export interface QueryTokens {
  /** Tokens that must be present. */
  readonly whole: readonly string[];
  /** The beginning of a word that is still being typed: a token with this beginning must be present. Null for none. */
  readonly begun: string | null;
}

/** @param query folded, by `foldQuery`'s rules but for the space at its end, which says that the last word is whole */
export function queryTokens(query: string): QueryTokens {
  const tokens = tokensOf(query);
  const last = tokens.at(-1);
  if (last === undefined) return { whole: [], begun: null };
  const rest = tokens.slice(0, -1);
  const isUnspaced = UNSPACED.test(last);
  // Of two characters and more, the last character alone is a token only at the end of a text.
  if (isUnspaced && rest.length > 0) return { whole: [...new Set(rest)], begun: null };
  return query.endsWith(' ')
    ? { whole: [...new Set(tokens)], begun: null }
    : { whole: [...new Set(rest)], begun: last };
}

function runsOf(word: string): { readonly run: string; readonly isSpaced: boolean }[] {
  if (!UNSPACED.test(word)) return [{ run: word, isSpaced: true }];
  const runs: { run: string; isSpaced: boolean }[] = [];
  for (const character of word) {
    const last = runs.at(-1);
    // Marks belong to the character before them.
    const isSpaced = /\p{M}/u.test(character) ? (last?.isSpaced ?? true) : !UNSPACED.test(character);
    if (last?.isSpaced === isSpaced) last.run += character;
    else runs.push({ run: character, isSpaced });
  }
  return runs;
}

function pairsOf(run: string): string[] {
  const characters = Array.from(run);
  const pairs = characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
  return [...pairs, characters.at(-1) ?? ''];
}
