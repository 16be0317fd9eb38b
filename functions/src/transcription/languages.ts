/** Which language a request may name: a request that names one Deepgram does not know is refused, and its audio with it. */

/**
 * What nova-3 takes besides `multi`, in canonical BCP-47 form. From
 * https://developers.deepgram.com/docs/models-languages-overview and the changelog up to October 2026.
 */
const LANGUAGES: ReadonlySet<string> = new Set(
  `af ar be bg bn bs ca cs da da-DK de de-CH el en en-AU en-GB en-IN en-NZ en-US es es-419 et fa fi fr fr-CA he hi hr hu
  hy id it ja ka kk kk-KZ kn ko ko-KR lt lv mk mr ms ne nl nl-BE no pa pl pt pt-BR pt-PT ro ru sk sl sr sv sv-SE ta te th
  th-TH tl tr uk ur vi zh zh-CN zh-Hans zh-Hant zh-HK zh-TW`.split(/\s+/),
);

/**
 * Languages that `multi` has known from its beginning. It covers about 55 since October 2026, but not in every place that
 * DEEPGRAM_BASE_URL may lead to; for all others nova-3 has models of their own, which are never worse for who speaks them.
 */
const MULTI: ReadonlySet<string> = new Set(['de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'nl', 'pt', 'ru']);

/**
 * The language that nova-3 takes for a BCP-47 tag: the longest beginning of it that is known (RFC 4647, section 3.4,
 * lookup); null when there is none, or the tag is no tag. `multi` stays what it is.
 */
export function knownLanguage(tag: string): string | null {
  if (tag === 'multi') return tag;
  const subtags = canonical(tag).split('-');
  for (let length = subtags.length; length > 0; length--) {
    const range = subtags.slice(0, length).join('-');
    if (LANGUAGES.has(range)) return range;
  }
  return null;
}

/** Whether `multi` hears this language too. @param language as {@link knownLanguage} gives it. */
export function isInMulti(language: string): boolean {
  return MULTI.has(language.split('-')[0] ?? language);
}

function canonical(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? '';
  } catch {
    return ''; // RangeError: not structured like a tag
  }
}
