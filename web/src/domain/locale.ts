/** Names of languages, and the locale for times. */

const DEFAULT = 'en-GB';

/**
 * The locale for times: English words, but the reader's own order and clock if their language is English.
 * @param language the language of the browser. On systems without regional settings it may be `en-US@posix`, which is not a valid language
 * tag.
 */
export function localeOf(language: string): string {
  const tag = language.replace(/[@.].*$/, '').replaceAll('_', '-');
  try {
    return tag.startsWith('en') ? (Intl.getCanonicalLocales(tag)[0] ?? DEFAULT) : DEFAULT;
  } catch {
    return DEFAULT;
  }
}

/** The English name of a language. If the service's value is not a BCP-47 tag, it is returned as it is. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
