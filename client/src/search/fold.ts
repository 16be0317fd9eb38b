/**
 * The form in which text is searched: without regard to case, accents, ligatures, and the kinds of quotation marks, dashes and spaces
 * that keyboards and services choose. What carries meaning of its own stays: vowel signs of Indic and Thai scripts, voicing marks of kana.
 */

/** Where something lies in a text: UTF-16 offsets. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface Folded {
  readonly text: string;
  /** Where in the original each character of `text` comes from; null where both are the same, but for case. */
  readonly origin: readonly TextRange[] | null;
}

/**
 * What readers leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel marks and tatweel, and what
 * nobody sees (soft hyphens, joiners, direction marks, variation selectors).
 */
const LEFT_OUT =
  /[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]/g;

/** Letters that Unicode does not take apart, and punctuation that has several forms; all in lower case. */
const SAME_AS: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ς: 'σ' },
  ...{ '‘': "'", '’': "'", '‚': "'", '‛': "'", ʼ: "'", ʻ: "'", '`': "'", '´': "'", '′': "'", '״': '"', '׳': "'" },
  ...{ '“': '"', '”': '"', '„': '"', '‟': '"', '«': '"', '»': '"', '″': '"' },
  ...{ '‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '־': '-' },
};

const PLAIN = /^[\x20-\x5f\x61-\x7e]*$/;

/** The searched form alone. */
export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

/** The searched form, with the way back to the original. */
export function fold(text: string): Folded {
  if (PLAIN.test(text)) return { text: text.toLowerCase(), origin: null };
  let folded = '';
  const origin: TextRange[] = [];
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const plain = foldCharacter(character);
    folded += plain;
    const last = origin.at(-1);
    // What is left out belongs to the character before it.
    if (plain === '' && last !== undefined) origin[origin.length - 1] = { start: last.start, end };
    for (let i = 0; i < plain.length; i++) origin.push({ start, end });
    start = end;
  }
  return { text: folded, origin };
}

function foldCharacter(character: string): string {
  const same = plainForm(character.toLowerCase());
  if (same !== null) return same;
  const parts = character.normalize('NFKD').toLowerCase().replace(LEFT_OUT, '');
  return Array.from(parts, (part) => plainForm(part) ?? part).join('');
}

function plainForm(character: string): string | null {
  return SAME_AS[character] ?? (/^\s$/.test(character) ? ' ' : null);
}

/** What a person typed, in the searched form; empty where there is nothing to search for. */
export function foldQuery(query: string): string {
  return foldText(query).replace(/ +/g, ' ').trim();
}

/** Every occurrence of a folded query, in order, none of which overlaps the one before. */
export function findIn({ text, origin }: Folded, query: string): TextRange[] {
  if (query === '') return [];
  const found: TextRange[] = [];
  for (let at = text.indexOf(query); at !== -1; at = text.indexOf(query, at + query.length)) {
    const end = at + query.length;
    found.push({ start: origin?.[at]?.start ?? at, end: origin?.[end - 1]?.end ?? end });
  }
  return found;
}
