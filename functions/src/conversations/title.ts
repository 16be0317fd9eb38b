/** A title in the speaker's own words: honest, free, and in every language. */
import { Fillers } from './fillers.ts';

/** A sentence with this many words, fillers not counted, is a good title. */
const MEANINGFUL_WORDS = 4;

/** Columns: about one line on a phone. Wide characters (Chinese, Japanese, Korean) take two. */
const MAX_COLUMNS = 60;

/**
 * The first sentence with enough words, cut to a line; if all are short, the one with most words; null if nothing was said.
 * @param text the beginning of the transcript, with one line for each change of speaker.
 * @param language BCP-47; null where unknown.
 */
export function extractTitle(text: string, language: string | null): string | null {
  const fillers = new Fillers(language);
  let best: { sentence: string; words: number } | null = null;
  for (const { segment } of new Intl.Segmenter(fillers.locale, { granularity: 'sentence' }).segment(text)) {
    const sentence = fillers.stripLeading(segment.replace(/\s+/gu, ' ').trim());
    const words = fillers.contentWords(sentence);
    if (words > (best?.words ?? 0)) best = { sentence, words };
    if (words >= MEANINGFUL_WORDS) break;
  }
  return best === null ? null : clip(capitalise(best.sentence, fillers.locale), fillers.locale);
}

/** Cuts a text to one line, at the end of a word if possible. */
export function clip(text: string, locale: string | undefined, maxColumns: number = MAX_COLUMNS): string {
  const whole = text.replace(/[\s.,;:。、，．।]+$/u, '');
  if (columns(whole) <= maxColumns) return whole;
  const room = maxColumns - 1; // for the ellipsis
  const cut = fitting(whole, new Intl.Segmenter(locale, { granularity: 'word' }), room);
  const shown = cut === '' ? fitting(whole, new Intl.Segmenter(locale), room) : cut;
  return `${shown.replace(/[\s\p{P}]+$/u, '')}…`;
}

/** The longest beginning of whole pieces that fits. */
function fitting(text: string, segmenter: Intl.Segmenter, maxColumns: number): string {
  let taken = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += columns(segment);
    if (width > maxColumns) break;
    taken += segment;
  }
  return taken;
}

const WIDE = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\u3000-\u303f\uff01-\uff60\p{Emoji_Presentation}]/u;

function columns(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Capitalises only if the capital is one letter: ß has none, and Georgian sentences do not begin with one. */
function capitalise(text: string, locale: string | undefined): string {
  return text.replace(/(?!\p{sc=Geor})\p{Ll}/u, (letter, at: number) => {
    const capital = letter.toLocaleUpperCase(locale);
    const isFirst = !/[\p{L}\p{N}]/u.test(text.slice(0, at));
    return isFirst && capital.toLocaleLowerCase(locale) === letter ? capital : letter;
  });
}
