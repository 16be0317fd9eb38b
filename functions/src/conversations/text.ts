/** Text of any language: where spaces belong, what is a word. */

/** A locale for `Intl`; undefined for an unknown language. */
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
