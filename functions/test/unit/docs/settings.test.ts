import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { params } from '../../../src/config.ts';

const ROOT = new URL('../../../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');

/** Reads such a file as `firebase deploy` does. */
const { parseStrict } = createRequire(import.meta.url)('firebase-tools/lib/functions/env.js') as {
  parseStrict: (text: string) => Record<string, string>;
};

interface Declared {
  readonly name: string;
  readonly options: { readonly default?: unknown; readonly description?: string };
}

describe('functions/.env.example', () => {
  const text = read('functions/.env.example');
  const declared = Object.values(params) as unknown as readonly Declared[];

  it('names every setting with its default, and no other', () => {
    const defaults = declared.map(({ name, options }) => [name, String(options.default)]);
    assert.ok(defaults.length > 10);
    assert.deepEqual(Object.entries(parseStrict(text)), defaults);
  });

  it('describes each in the words of the deployment’s prompt', () => {
    const blocks = text.split('\n\n').slice(1);
    const said = blocks.map((block) => {
      const lines = block.trim().split('\n');
      const about = lines.slice(0, -1).map((line) => line.replace(/^# /, ''));
      return [lines.at(-1)?.split('=')[0], about.join(' ')];
    });
    assert.deepEqual(
      said,
      declared.map(({ name, options }) => [name, options.description]),
    );
  });

  it('stays in the repository and is not deployed', () => {
    const { functions } = JSON.parse(read('firebase.json')) as { functions: { ignore: string[] }[] };
    assert.ok(functions.every(({ ignore }) => ignore.includes('.env.example')));
    assert.doesNotMatch(read('.gitignore'), /\.env(\.example|\*|\.\*)?$/m);
  });
});
