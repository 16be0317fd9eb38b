/** Finds the language that a request may name. Deepgram refuses a request with a language that it does not know, and so its audio. */

/**
 * The languages that nova-3 accepts besides `multi`, in canonical BCP-47 form. From
 * https://developers.deepgram.com/docs/models-languages-overview and the changelog up to October 2026.
 */
const LANGUAGES: ReadonlySet<string> = new Set(
  `af ar be bg bn bs ca cs da da-DK de de-CH el en en-AU en-GB en-IN en-NZ en-US es es-419 et fa fi fr fr-CA he hi hr hu
  hy id it ja ka kk kk-KZ kn ko ko-KR lt lv mk mr ms ne nl nl-BE no pa pl pt pt-BR pt-PT ro ru sk sl sr sv sv-SE ta te th
  th-TH tl tr uk ur vi zh zh-CN zh-Hans zh-Hant zh-HK zh-TW`.split(/\s+/),
);

/**
 * Languages that `multi` has always had. It has about 55 since October 2026, but not at every address that DEEPGRAM_BASE_URL may have.
 * All other languages have models of their own, which are never worse for their speakers.
 */
const MULTI: ReadonlySet<string> = new Set(['de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'nl', 'pt', 'ru']);

/**
 * Codes under which nova-3 has a language: both kinds of written Norwegian are one spoken language to it, Filipino is Tagalog,
 * and Cantonese is the Chinese of Hong Kong. The others are kinds of a macrolanguage (ISO 639-3) that Intl keeps apart.
 */
const SPOKEN_AS: Readonly<Record<string, string>> = {
  nb: 'no',
  nn: 'no',
  fil: 'tl',
  yue: 'zh-HK',
  gsw: 'de-CH',
  prs: 'fa',
  zlm: 'ms',
  ...Object.fromEntries(
    'acm acq acw aeb afb ajp apc apd arq ars ary arz auz ayl ayn shu'.split(' ').map((arabic) => [arabic, 'ar']),
  ),
};

/** Registered tags that Intl does not accept (RFC 5646, section 2.2.8). */
const GRANDFATHERED: Readonly<Record<string, string>> = {
  'no-bok': 'nb',
  'no-nyn': 'nn',
  'en-gb-oed': 'en-GB',
};

/** Regions with the Spanish of Latin America: the UN's region 419, and the United States, as in CLDR. */
const LATIN_AMERICA: ReadonlySet<string> = new Set(
  '419 AR BO BR BZ CL CO CR CU DO EC GT HN HT MX NI PA PE PR PY SV US UY VE'.split(' '),
);

/**
 * The language of nova-3 for a tag: BCP-47 (`nb-NO`, `zh-Hant-HK`), a locale of an operating system (`pt_BR`, `de_DE.UTF-8`), or the
 * first of a browser's list. If nova-3 does not know the whole tag, the longest known beginning counts (RFC 4647, section 3.4).
 * @returns null for an unknown language or an invalid tag. `multi` stays `multi`, and BCP-47's `mul` becomes `multi`.
 */
export function knownLanguage(tag: string): string | null {
  const written = tag.trim();
  if (/^mul(?:ti)?$/i.test(written)) return 'multi';
  const locale = localeOf(written);
  if (locale === null) return null;
  const language = SPOKEN_AS[locale.language] ?? locale.language;
  if (LANGUAGES.has(language) && language.includes('-')) return language;
  if (language === 'zh') return chinese(locale);
  if (language === 'es' && LATIN_AMERICA.has(locale.region ?? '')) return 'es-419';
  const candidates = [`${language}-${locale.region ?? ''}`, language];
  return candidates.find((candidate) => LANGUAGES.has(candidate)) ?? null;
}

/** Whether `multi` surely has this language. @param language as {@link knownLanguage} gives it. */
export function isInMulti(language: string): boolean {
  return MULTI.has(language.split('-')[0] ?? language);
}

/** Hong Kong means Cantonese; otherwise the script decides, and the region if there is no script. */
function chinese({ script, region }: Intl.Locale): string {
  if (region === 'HK' || region === 'MO') return 'zh-HK';
  if (script === 'Hans' || script === 'Hant') return `zh-${script}`;
  return region === 'TW' || region === 'CN' ? `zh-${region}` : 'zh';
}

/** A language within a macrolanguage (`zh-yue-HK`, `ar-arz`): RFC 5646, section 4.5, prefers it alone; Intl does not take it. */
const EXTENDED = /^[a-z]{2,3}-(?=[a-z]{3}(?:-|$))/i;

/** Tags with the script last, as Java and Android write them: `zh_TW_#Hant`. */
const SCRIPT_LAST = /^([a-z]+)(.*?)[-_]+#([a-z]{4})(?:[-_].*)?$/i;

/**
 * Parses a tag into canonical form: replaces aliases (`iw` by `he`, `deu` by `de`), and languages by their macrolanguage. Drops invalid
 * parts from the end (`ja_JP_JP`).
 */
function localeOf(tag: string): Intl.Locale | null {
  const [written = ''] = tag
    .replace(SCRIPT_LAST, '$1-$3$2')
    .replaceAll(/[-_]+/g, '-')
    .split(/[.@,;]/, 1);
  const subtags = (GRANDFATHERED[written.toLowerCase()] ?? written.replace(EXTENDED, '')).split('-');
  for (let count = subtags.length; count > 0; count--) {
    try {
      return new Intl.Locale(subtags.slice(0, count).join('-'));
    } catch {
      // RangeError: not structured like a tag
    }
  }
  return null;
}
