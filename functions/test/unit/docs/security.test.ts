import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../../', import.meta.url);

describe('docs/security.md', () => {
  const text = readFileSync(new URL('docs/security.md', ROOT), 'utf8');

  /** The rows of a table, by the first cell of its head. */
  function rowsOf(head: string): readonly string[] {
    const [table = ''] = text.slice(text.indexOf(`| ${head} `)).split('\n\n');
    return table
      .split('\n')
      .slice(2)
      .filter((row) => row !== '');
  }

  for (const head of ['threat', 'promise']) {
    it(`names a test for every ${head}, and each of them exists`, () => {
      const rows = rowsOf(head);
      assert.ok(rows.length > 20);
      for (const row of rows) {
        const [, file = '', title = ''] = /\| `([^`]+)`: (.+?) +\|$/.exec(row) ?? [];
        const address = new URL(file, ROOT);
        assert.ok(file !== '' && existsSync(address), row);
        assert.ok(titlesIn(readFileSync(address, 'utf8')).includes(title), `${file} has no test “${title}”.`);
      }
    });
  }

  /** The strings of a source file, among which are the titles of its tests. */
  function titlesIn(source: string): string {
    return (source.match(/'[^'\n]+'|`[^`\n]+`/g) ?? []).join('\n');
  }
});
