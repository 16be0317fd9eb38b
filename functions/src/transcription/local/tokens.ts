/** Joins the pieces of words that a recogniser writes into words. */

/** The mark of a piece that begins a word (SentencePiece). */
const WORD_START = '\u2581';

/** A piece that stands for one byte of UTF-8: `<0xC3>`. */
const BYTE = /^<0x([0-9A-F]{2})>$/;

/** A letter or a digit: without one, a text is only punctuation. */
const SPOKEN = /[\p{L}\p{N}]/u;

/** Punctuation marks that the models sometimes write twice. */
const REPEATED_MARK = /([,;:])\1+/g;

export interface TokenWord {
  readonly text: string;
  /** Indices of its tokens, half-open. */
  readonly from: number;
  readonly to: number;
}

/** Groups pieces into words. Punctuation that stands alone is part of no word and is left out. */
export function wordsOfPieces(pieces: readonly string[]): TokenWord[] {
  const starts = pieces.flatMap((piece, i) => (i === 0 || piece.startsWith(WORD_START) ? [i] : []));
  return starts.flatMap((from, i) => {
    const to = starts[i + 1] ?? pieces.length;
    const text = joinPieces(pieces.slice(from, to));
    return SPOKEN.test(text) ? [{ text, from, to }] : [];
  });
}

function joinPieces(pieces: readonly string[]): string {
  const parts = pieces.map((piece) => {
    const byte = BYTE.exec(piece)?.[1];
    return byte === undefined
      ? Buffer.from(piece.replaceAll(WORD_START, ''))
      : Buffer.from([Number.parseInt(byte, 16)]);
  });
  return Buffer.concat(parts).toString('utf8').trim().replaceAll(REPEATED_MARK, '$1');
}
