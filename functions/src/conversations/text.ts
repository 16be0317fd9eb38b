/** Text of any language: where spaces belong, what is a word. */

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

/** A locale for `Intl`; what is no known language is taken as none in particular. */
export function localeOf(language: string | null): string | undefined {
  try {
    return language === null ? undefined : Intl.Segmenter.supportedLocalesOf([language])[0];
  } catch {
    return undefined; // RangeError: not structured like a tag
  }
}

/** How many words a text has, in scripts without spaces as well. */
export function countWords(text: string, locale: string | undefined): number {
  let words = 0;
  for (const { isWordLike } of new Intl.Segmenter(locale, { granularity: 'word' }).segment(text)) {
    if (isWordLike === true) words++;
  }
  return words;
}
