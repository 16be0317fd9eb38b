/** Recognises fillers: hesitation, short sounds of agreement, coughs. */
import type { Relevance } from './conversation.ts';
import { countWords, localeOf } from './text.ts';

/** Sounds of hesitation and surprise that most languages write alike; runs of one letter count as one: "hmmm" is "hm". */
const SOUNDS = 'ah eh ehm em er erm ha hey hm huh m mhm oh uh uhm um'.split(' ');

/** Hesitation and bare agreement, by language. A conversation that has nothing else has the relevance `fillers`. */
const BY_LANGUAGE: Readonly<Record<string, readonly string[]>> = {
  de: 'ach äh ähm aha ja jaja na naja ne nee nein nö öh öhm so tja'.split(' '),
  en: 'alright nah no nope ok okay right so well yeah yep yes yup'.split(' '),
  es: 'ajá bueno este no pues sí vale'.split(' '),
  fr: 'bah ben bon euh heu hein non oui ouais'.split(' '),
  hi: ['अच्छा', 'जी', 'ठीक', 'नहीं', 'हम्म', 'हाँ', 'हां', 'है'],
  it: 'be beh boh ehm eh mah no ok sì va vabbè'.split(' '),
  ja: 'あ あー あの あのー いや うん うーん え えー ええ ええと えっと えーと そう はい へえ ま まあ ん'.split(' '),
  ko: ['그', '네', '아', '아니', '어', '예', '음', '응'],
  nl: 'goed ja jawel nee nou oke oké tja'.split(' '),
  pt: 'ah ahn bom é hum né não pois sim tá'.split(' '),
  ru: 'а ага да мм м ну нет о ой так угу э эм эх'.split(' '),
  zh: ['啊', '嗯', '哦', '呃', '喔', '唉', '对', '好', '是', '那个', '就是'],
};

/** The mark that a transcript may have for a sound that is no word: [coughs], (laughter), *sneezes*. */
const SOUND_MARK =
  /[[(*♪]\s*(?:(?:background|heavy|loud)\s+)?(?:applause|breath\w*|clear\w*(?:\s+\w+)?\s+throat|cough\w*|inaudible|laugh\w*|music|noise|silence|sigh\w*|sneez\w*|sniff\w*|yawn\w*)\s*[\])*♪]/giu;

const TOKEN = /[\p{L}\p{M}\p{N}ー]+/gu;
const FIRST_TOKEN = /^[\p{L}\p{M}\p{N}ー]+(?:-[\p{L}\p{M}]+)*/u;
const LEADING_PUNCTUATION = /^[\s\p{P}]+/u;
/** Punctuation before a word that belongs to the word. */
const OPENING_MARKS = /[¿¡"“„«([「『]+$/u;

/** A text with more words than this, fillers or not, is one side of a conversation: another person listened. */
const MAX_FILLER_WORDS = 20;

/** Tells fillers of one language from words. */
export class Fillers {
  readonly locale: string | undefined;
  readonly #fillers: ReadonlySet<string>;
  /** Scripts without spaces write one filler right behind the other. */
  readonly #run: RegExp;

  /** @param language of the text; null where unknown: only what all languages share is a filler then. */
  constructor(language: string | null) {
    this.locale = localeOf(language);
    const own = BY_LANGUAGE[language?.split('-')[0]?.toLowerCase() ?? ''] ?? [];
    this.#fillers = new Set([...SOUNDS, ...own].map(collapse));
    this.#run = own.some((filler) => /^[\p{sc=Hira}\p{sc=Kana}\p{sc=Han}]/u.test(filler))
      ? new RegExp(`^(?:${[...own].sort((a, b) => b.length - a.length).join('|')})+$`, 'u')
      : /^(?:h[aeiá])+h?$/u; // laughter
  }

  /** Words of the text that are no fillers. */
  contentWords(text: string): number {
    const tokens = text.replace(SOUND_MARK, ' ').match(TOKEN) ?? [];
    return tokens.reduce((sum, token) => sum + (this.#isFiller(token) ? 0 : countWords(token, this.locale)), 0);
  }

  /** The text without fillers, and what separates them, at its beginning. */
  stripLeading(text: string): string {
    for (let rest = text; ;) {
      rest = rest.replace(LEADING_PUNCTUATION, (marks) => OPENING_MARKS.exec(marks)?.[0] ?? '');
      const token = FIRST_TOKEN.exec(rest)?.[0] ?? '';
      const following = rest.slice(token.length);
      if (!this.#standsApart(token, following)) return rest;
      rest = following;
    }
  }

  /** "So far" and "no one" begin with words; "so, far" and "um far" with fillers. */
  #standsApart(token: string, following: string): boolean {
    if (token === '' || !token.split('-').every((part) => this.#isFiller(part))) return false;
    return SOUNDS.includes(collapse(token)) || /^\s*(?:\p{P}|$)/u.test(following);
  }

  #isFiller(token: string): boolean {
    const sound = collapse(token);
    return this.#fillers.has(sound) || this.#run.test(token.toLowerCase());
  }
}

/**
 * @param text of the transcript, from its beginning; of a long one the beginning is enough.
 * @param language as in {@link Fillers}.
 */
export function relevanceOf(text: string, language: string | null): Relevance {
  const fillers = new Fillers(language);
  const words = countWords(text, fillers.locale);
  return words <= MAX_FILLER_WORDS && fillers.contentWords(text) === 0 ? 'fillers' : 'speech';
}

function collapse(token: string): string {
  return token
    .toLowerCase()
    .normalize('NFC')
    .replace(/(\p{L})\1+/gu, '$1');
}
