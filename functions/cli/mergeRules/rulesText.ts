/**
 * Rules of this package in the app's own rules: a marked section at the end of the app's service block. Rules add up, and the section is a
 * `match` of its own, so its functions and variables meet none of the app's. Nothing outside the marks is changed.
 */
import { codeOf, insideOf, rulesVersion, serviceBlock } from './scan.ts';

export const BEGIN =
  '// offline-audio-sync: begin. "npx offline-audio-sync merge-rules" replaces everything up to the end mark.';
export const END = '// offline-audio-sync: end.';

/** How the marks are recognised: an older version may have another sentence behind its mark. */
const BEGIN_MARK = /^[ \t]*\/\/ offline-audio-sync: begin\b[^\n]*\n?/gm;
const END_MARK = /^[ \t]*\/\/ offline-audio-sync: end\b[^\n]*$/gm;

/** The rules cannot be merged by a program; the message says what to do. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

/**
 * @param app the app's rules; null or blank where it has none.
 * @param ours the rules of this package.
 * @param service `cloud.firestore` or `firebase.storage`.
 * @throws MergeError
 */
export function mergeRules(app: string | null, ours: string, service: string): string {
  if (app === null || codeOf(app).trim() === '')
    return `rules_version = '2';\n\nservice ${service} {\n${sectionOf(ours, service)}}\n`;
  if (rulesVersion(app) !== '2') {
    throw new MergeError(
      "These rules are not of version 2. Write rules_version = '2'; at their top, check what your own {name=**} match then (they also match nothing), and merge again.",
    );
  }
  // Merged by hand, or this repository.
  if (marksIn(app) === null && app.includes(insideOfOurs(ours, service))) return app;
  const newline = app.includes('\r\n') ? '\r\n' : '\n';
  const text = app.replaceAll('\r\n', '\n');
  const merged = replaceOrAdd(text, sectionOf(ours, service), service);
  return merged.replaceAll('\n', newline);
}

/** The app's rules without those of this package. */
export function withoutOurs(text: string, ours: string, service: string): string {
  const marks = marksIn(text);
  if (marks !== null) return text.slice(0, marks.from) + text.slice(marks.to);
  return text.replace(insideOfOurs(ours, service), '');
}

function replaceOrAdd(text: string, section: string, service: string): string {
  const marks = marksIn(text);
  if (marks !== null) return text.slice(0, marks.from) + section.trimEnd() + text.slice(marks.to);
  const block = serviceBlock(text, service);
  if (block === null) return `${text.trimEnd()}\n\nservice ${service} {\n${section}}\n`;
  const before = text.slice(0, block.close).trimEnd();
  return `${before}\n\n${section}${text.slice(block.close)}`;
}

/** The lines of the section, indented for a service block. */
function sectionOf(ours: string, service: string): string {
  return `  ${BEGIN}\n${insideOfOurs(ours, service)}\n  ${END}\n`;
}

function insideOfOurs(ours: string, service: string): string {
  const text = ours.replaceAll('\r\n', '\n');
  return insideOf(text, blockIn(text, service));
}

function blockIn(ours: string, service: string) {
  const block = serviceBlock(ours, service);
  if (block === null) throw new Error(`The rules of this package have no service ${service}.`);
  return block;
}

/** From the begin of the first mark to the end of the last. @throws MergeError where the marks are not a pair. */
function marksIn(text: string): { readonly from: number; readonly to: number } | null {
  const begins = [...text.matchAll(BEGIN_MARK)];
  const ends = [...text.matchAll(END_MARK)];
  const [begin] = begins;
  const [end] = ends;
  if (begin === undefined && end === undefined) return null;
  if (begin === undefined || end === undefined || begins.length > 1 || ends.length > 1 || end.index < begin.index) {
    throw new MergeError(
      'The marks of the section of offline-audio-sync are not one pair. Delete the section with its marks, and merge again.',
    );
  }
  return { from: begin.index, to: end.index + end[0].length };
}
