/** Just enough of the grammar of security rules to find where a block begins and ends. */

/** A block in braces: positions of its braces. */
export interface Block {
  readonly open: number;
  readonly close: number;
}

/**
 * The text with comments and the contents of strings blanked, so that what is found in it is code. Positions stay the same.
 * Strings of rules end on their line.
 */
export function codeOf(text: string): string {
  const pattern = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g;
  return text.replace(pattern, (found) => found.replace(/[^\n\r]/g, ' '));
}

/**
 * The block of `service <name> { … }`; null where there is none.
 * @throws Error where braces do not match.
 */
export function serviceBlock(text: string, service: string): Block | null {
  const code = codeOf(text);
  const found = new RegExp(`\\bservice\\s+${service.replaceAll('.', '\\.')}\\s*\\{`).exec(code);
  if (found === null) return null;
  const open = found.index + found[0].length - 1;
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1;
    else if (code[at] === '}') depth -= 1;
    if (depth === 0) return { open, close: at };
  }
  throw new Error(`The block of service ${service} does not end: a brace is missing.`);
}

/** `2` of `rules_version = '2';`; null where the text does not say. */
export function rulesVersion(text: string): string | null {
  // The version is a string, so its place is looked up in the code and its value in the text.
  const found = /\brules_version\s*=/.exec(codeOf(text));
  if (found === null) return null;
  return /^\s*['"]([^'"]*)['"]/.exec(text.slice(found.index + found[0].length))?.[1] ?? null;
}

/** The lines of the braces' inside that stand between the first and the last of them. */
export function insideOf(text: string, { open, close }: Block): string {
  return text
    .slice(open + 1, close)
    .replace(/^[^\S\n]*\r?\n/, '')
    .trimEnd();
}
