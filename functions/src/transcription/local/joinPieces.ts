/** Joins the words of overlapping pieces of speech: each word once, from the piece that has more audio around it. */
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';
import type { Piece } from './pieces.ts';

/** Seconds. */
export interface TimedWord {
  readonly text: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface RecognisedPiece<Word extends TimedWord> {
  readonly piece: Piece;
  /** In order, from the start of the piece. */
  readonly words: readonly Word[];
}

/** How far the starts of one word may differ between two pieces, seconds. In quick speech, the next word begins after that. */
const SAME_WORD_SECONDS = 0.3;

/** @param recognised the pieces, in order of their starts. @returns words with times from the start of the whole speech */
export function joinPieces<Word extends TimedWord>(recognised: readonly RecognisedPiece<Word>[]): Word[] {
  let joined: Word[] = [];
  let end = 0;
  for (const { piece, words } of recognised) {
    const start = piece.start / SAMPLE_RATE;
    const own = words.map((word) => later(word, start));
    const { kept, first } = start < end ? seamOf(joined, own, (start + end) / 2) : { kept: joined.length, first: 0 };
    joined = [...joined.slice(0, kept), ...own.slice(first)];
    end = piece.end / SAMPLE_RATE;
  }
  return joined;
}

function later<Word extends TimedWord>(word: Word, seconds: number): Word {
  return { ...word, startSeconds: word.startSeconds + seconds, endSeconds: word.endSeconds + seconds };
}

/** How many words of the left piece are kept, and the first word of the right piece that follows them. */
interface Seam {
  readonly kept: number;
  readonly first: number;
}

/**
 * The right piece takes over at the word that both have, nearest to the middle of the overlap: there both have enough audio before and
 * behind. If they have no word in common, each keeps its side of the middle, and a word that crosses the middle is kept once.
 */
function seamOf(left: readonly TimedWord[], right: readonly TimedWord[], middle: number): Seam {
  let nearest: Seam | null = null;
  let least = Infinity;
  for (const [kept, word] of left.entries()) {
    for (const [first, other] of right.entries()) {
      const apart = Math.abs(word.startSeconds - other.startSeconds);
      if (apart > SAME_WORD_SECONDS || keyOf(word) !== keyOf(other)) continue;
      const distance = Math.abs(centreOf(other) - middle) + apart;
      if (distance < least) [nearest, least] = [{ kept, first }, distance];
    }
  }
  return nearest ?? seamAt(left, right, middle);
}

function seamAt(left: readonly TimedWord[], right: readonly TimedWord[], middle: number): Seam {
  const kept = left.filter((word) => centreOf(word) < middle).length;
  const first = right.filter((word) => centreOf(word) < middle).length;
  // The same sound may have two spellings, one on either side of the middle.
  if (isOneSound(left[kept - 1], right[first])) return { kept, first: first + 1 };
  if (isOneSound(left[kept], right[first - 1])) return { kept: kept + 1, first };
  return { kept, first };
}

/** Whether each word covers the middle of the other. */
function isOneSound(a: TimedWord | undefined, b: TimedWord | undefined): boolean {
  return a !== undefined && b !== undefined && lasts(a, centreOf(b)) && lasts(b, centreOf(a));
}

function lasts({ startSeconds, endSeconds }: TimedWord, at: number): boolean {
  return startSeconds <= at && at <= endSeconds;
}

function centreOf({ startSeconds, endSeconds }: TimedWord): number {
  return (startSeconds + endSeconds) / 2;
}

/** The text by which a word is compared, without case and punctuation: these depend on where a piece begins and ends. */
function keyOf({ text }: TimedWord): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
}
