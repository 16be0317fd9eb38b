import assert from 'node:assert/strict';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../paths.ts';
import { codeBlocks } from './blocks.ts';

const CLIENT = path.join(ROOT, 'client');

/** The options of an app's compiler, with this library as if it were installed. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
  typeRoots: [path.join(ROOT, 'node_modules/@types')],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/** The declarations that an app has when it runs the code of the documents. */
const GIVEN = `
  import type { FirebaseApp } from 'firebase/app';
  import type { Firestore } from 'firebase/firestore';
  import type { ConversationDoc } from 'offline-audio-sync-client';
  declare global {
    const app: FirebaseApp;
    const db: Firestore;
    const uid: string;
    const conversation: ConversationDoc;
  }
`;

describe('the TypeScript in the documents', () => {
  it('compiles, each block by itself', function () {
    const blocks = codeBlocks().filter(({ language }) => language === 'ts' || language === 'tsx');
    assert.ok(blocks.length > 0);
    // Each block becomes a module in the client's folder, where Firebase's SDK is found.
    const sources = new Map(
      blocks.map(({ at, text, language }, i) => {
        return [path.join(CLIENT, `block${String(i)}.${language}`), { at, text: `${text}\nexport {};\n` }];
      }),
    );
    sources.set(path.join(CLIENT, 'given.ts'), { at: 'what is given', text: GIVEN });
    const host = ts.createCompilerHost(OPTIONS);
    host.fileExists = (file) => sources.has(file) || ts.sys.fileExists(file);
    host.readFile = (file) => sources.get(file)?.text ?? ts.sys.readFile(file);

    const program = ts.createProgram([...sources.keys()], OPTIONS, host);
    const complaints = [...sources.keys()]
      .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
      .filter(({ file }) => file === undefined || sources.has(file.fileName))
      .map(({ file, start = 0, messageText }) => {
        const { line } = file?.getLineAndCharacterOfPosition(start) ?? { line: 0 };
        const at = file === undefined ? '' : `${sources.get(file.fileName)?.at ?? ''}, line ${String(line + 1)}: `;
        return `${at}${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    assert.deepEqual(complaints, []);
  });
});
