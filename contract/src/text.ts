/** Text of any language: where spaces belong, and when its words were said. */
import type { SegmentWord } from './conversation.ts';

/** A class of a regular expression: scripts without spaces between words. Korean has spaces, so Hangul is not among them. */
export const SPACELESS_SCRIPTS = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}ー`;
/** With their punctuation. */
const SPACELESS = String.raw`${SPACELESS_SCRIPTS}\u3000-\u303f\uff00-\uff65`;
const ENDS_SPACELESS = new RegExp(`[${SPACELESS}]$`, 'u');
const STARTS_SPACELESS = new RegExp(`^[${SPACELESS}]`, 'u');

/** Joins words, or pieces of text, as their scripts are written: 「今日は」, but "see you". */
export function joinText(pieces: readonly string[]): string {
  let before = '';
  let text = '';
  for (const piece of pieces) {
    if (piece === '') continue;
    // Only the last character: searching all of the joined text would take quadratic time.
    const isTight = before === '' || (ENDS_SPACELESS.test(before.slice(-2)) && STARTS_SPACELESS.test(piece));
    text += isTight ? piece : ` ${piece}`;
    before = piece;
  }
  return text;
}

/** Divides a stretch of time among words by their lengths. Milliseconds, not rounded. */
export function spreadOverTime(words: readonly string[], fromMs: number, toMs: number): SegmentWord[] {
  const total = words.reduce((sum, { length }) => sum + length, 0);
  let passed = 0;
  const edge = (): number => fromMs + ((toMs - fromMs) * passed) / total;
  return words.map((text) => {
    const start = edge();
    passed += text.length;
    return { text, fromMs: start, toMs: edge() };
  });
}
