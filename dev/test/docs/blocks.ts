/** The fenced code blocks of the documents. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../paths.ts';

export interface CodeBlock {
  /** The place of the block, such as `README.md:24`. */
  readonly at: string;
  /** After the fence; empty for a plain one. */
  readonly language: string;
  readonly text: string;
}

/** Folders whose documents are not for readers: packages, builds, and the client's API report. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'api']);

/** Every document of the project, as a path from its root. */
export const DOCUMENTS: readonly string[] = globSync(['*.md', '{docs,dev,client,web,functions}/**/*.md'], {
  cwd: ROOT,
  exclude: (name) => LEFT_OUT.has(path.basename(name)),
}).sort();

/** All blocks of all documents. */
export function codeBlocks(): CodeBlock[] {
  return DOCUMENTS.flatMap((document) => {
    const blocks: CodeBlock[] = [];
    let open: { at: string; language: string; lines: string[]; indent: number } | null = null;
    for (const [index, line] of readFileSync(path.join(ROOT, document), 'utf8').split('\n').entries()) {
      const [, indent, language] = /^(\s*)```(\w*)/.exec(line) ?? [];
      if (open === null) {
        if (language !== undefined)
          open = { at: `${document}:${String(index + 1)}`, language, lines: [], indent: indent?.length ?? 0 };
      } else if (language === undefined) open.lines.push(line.slice(open.indent));
      else {
        blocks.push({ at: open.at, language: open.language, text: open.lines.join('\n') });
        open = null;
      }
    }
    if (open !== null) throw new Error(`${open.at}: the block does not end.`);
    return blocks;
  });
}
