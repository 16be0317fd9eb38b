/** Languages, as browsers and services call them. */

const DEFAULT = 'en-GB';

/**
 * The locale of times: English words, in the order and with the clock that the reader is used to where their language is English.
 * @param language as the browser says it. Without settings of a place it may be `en-US@posix`, which is no language tag.
 */
export function localeOf(language: string): string {
  const tag = language.replace(/[@.].*$/, '').replaceAll('_', '-');
  try {
    return tag.startsWith('en') ? (Intl.getCanonicalLocales(tag)[0] ?? DEFAULT) : DEFAULT;
  } catch {
    return DEFAULT;
  }
}

/** The name of a language in English; what the service calls it where that is no BCP-47 tag. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
