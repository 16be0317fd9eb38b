/** Searching in what was said: without regard to case and accents. */

/** Where a match lies in the text: UTF-16 offsets. */
export interface Match {
  readonly start: number;
  readonly end: number;
}

/** Every occurrence that does not overlap the one before. An empty query matches nothing. */
export function findAll(text: string, query: string): Match[] {
  const { folded: needle } = fold(query.trim());
  if (needle === '') return [];
  const { folded, origin } = fold(text);
  const matches: Match[] = [];
  for (let at = folded.indexOf(needle); at !== -1; at = folded.indexOf(needle, at + needle.length)) {
    const last = origin[at + needle.length - 1];
    matches.push({ start: origin[at]?.start ?? 0, end: last?.end ?? text.length });
  }
  return matches;
}

/** The text in its plain form, and where each of its characters comes from. */
function fold(text: string): { folded: string; origin: readonly Match[] } {
  let folded = '';
  const origin: Match[] = [];
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    folded += plain;
    origin.push(...Array.from({ length: plain.length }, () => ({ start, end })));
    start = end;
  }
  return { folded, origin };
}
