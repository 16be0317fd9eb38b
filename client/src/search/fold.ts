/**
 * The form in which text is searched: without regard to case, accents, ligatures, and the kinds of quotation marks, dashes and spaces
 * that keyboards and services choose. Marks with a meaning of their own stay: vowel signs of Indic and Thai scripts, voicing marks of
 * kana.
 */

/** A range in a text, UTF-16 offsets. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface Folded {
  readonly text: string;
  /** The range in the original of each character of `text`; null if both are the same, apart from case. */
  readonly origin: readonly TextRange[] | null;
}

/**
 * Characters that people leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel marks and tatweel,
 * and invisible characters (soft hyphens, joiners, direction marks, variation selectors).
 */
const LEFT_OUT = classOf([
  ...['0300-036f', '0483-0487', '1ab0-1aff', '1dc0-1dff', '20d0-20ff', 'fe20-fe2f'],
  ...['0591-05bd', '05bf-05bf', '05c1-05c2', '05c4-05c5', '05c7-05c7'],
  ...['0610-061a', '0640-0640', '064b-065f', '0670-0670', '06d6-06dc', '06df-06e8', '06ea-06ed'],
  ...['00ad-00ad', '200b-200f', '202a-202e', '2060-2064', '2066-2069', 'fe00-fe0f', 'feff-feff'],
]);

/** @param ranges of code points, hexadecimal */
function classOf(ranges: readonly string[]): RegExp {
  return new RegExp(`[${ranges.map((range) => range.replace(/\w+/g, '\\u$&')).join('')}]`, 'g');
}

/** Letters that Unicode does not take apart, and punctuation that has several forms; all in lower case. */
const SAME_AS: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ς: 'σ' },
  ...{ '‘': "'", '’': "'", '‚': "'", '‛': "'", ʼ: "'", ʻ: "'", '`': "'", '´': "'", '′': "'", '״': '"', '׳': "'" },
  ...{ '“': '"', '”': '"', '„': '"', '‟': '"', '«': '"', '»': '"', '″': '"' },
  ...{ '‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '־': '-' },
};

const PLAIN = /^[\x20-\x5f\x61-\x7e]*$/;

/** The searched form of a text. */
export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

/** The searched form of a text, with the places in the original. */
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
    // A character that is left out belongs to the one before it.
    if (plain === '' && last !== undefined) origin[origin.length - 1] = { start: last.start, end };
    origin.push(...Array.from({ length: plain.length }, () => ({ start, end })));
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

/** A typed query in the searched form; empty if there is nothing to search for. */
export function foldQuery(query: string): string {
  return foldText(query).replace(/ +/g, ' ').trim();
}

/** All occurrences of a folded query, in order, without overlaps. */
export function findIn({ text, origin }: Folded, query: string): TextRange[] {
  if (query === '') return [];
  const found: TextRange[] = [];
  for (let at = text.indexOf(query); at !== -1; at = text.indexOf(query, at + query.length)) {
    const end = at + query.length;
    found.push({ start: origin?.[at]?.start ?? at, end: origin?.[end - 1]?.end ?? end });
  }
  return found;
}
