/** Checks the syntax of Dart and Swift with a parser, because npm and Debian have no compiler for them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fetchPackage } from './packages.ts';

interface SyntaxNode {
  readonly hasError: boolean;
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly startPosition: { readonly row: number };
  readonly children: readonly (SyntaxNode | null)[];
}
interface TreeSitter {
  readonly Parser: {
    new (): { setLanguage(language: object): void; parse(code: string): { readonly rootNode: SyntaxNode } };
    init(): Promise<void>;
  };
  readonly Language: { load(file: string): Promise<object> };
}

/**
 * @param files by their language
 * @throws Error if a file has a syntax error
 */
export async function checkSyntax(files: Readonly<Record<'dart' | 'swift', string>>): Promise<void> {
  const require = createRequire(import.meta.url);
  const { Parser, Language } = require(
    path.join(fetchPackage('web-tree-sitter@0.25.10'), 'tree-sitter.cjs'),
  ) as TreeSitter;
  const grammars = path.join(fetchPackage('tree-sitter-wasms@0.1.13'), 'out');
  await Parser.init();
  for (const [name, file] of Object.entries(files)) {
    const parser = new Parser();
    parser.setLanguage(await Language.load(path.join(grammars, `tree-sitter-${name}.wasm`)));
    const lines = faultsIn(parser.parse(readFileSync(file, 'utf8')).rootNode);
    assert.deepEqual(lines, [], `${file} cannot be read in these lines`);
  }
}

function faultsIn(node: SyntaxNode): number[] {
  if (node.isError || node.isMissing) return [node.startPosition.row + 1];
  return node.children.flatMap((child) =>
    child?.hasError === true || child?.isMissing === true ? faultsIn(child) : [],
  );
}
