/** Where spaces belong in text of any language. */

/** Scripts that put no space between words. Korean does, so Hangul is not among them. */
const SPACELESS = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}\u3000-\u303f\uff00-\uff65ー`;
const ENDS_SPACELESS = new RegExp(`[${SPACELESS}]$`, 'u');
const STARTS_SPACELESS = new RegExp(`^[${SPACELESS}]`, 'u');

/** Joins words, or pieces of text, as their scripts are written: 「今日は」, but "see you". */
export function joinText(pieces: readonly string[]): string {
  let text = '';
  for (const piece of pieces) {
    if (piece === '') continue;
    const isTight = text === '' || (ENDS_SPACELESS.test(text) && STARTS_SPACELESS.test(piece));
    text += isTight ? piece : ` ${piece}`;
  }
  return text;
}
