import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../../', import.meta.url);

describe('docs/security.md', () => {
  const text = readFileSync(new URL('docs/security.md', ROOT), 'utf8');
  const [table = ''] = text.slice(text.indexOf('| threat ')).split('\n\n');
  const rows = table
    .split('\n')
    .slice(2)
    .filter((row) => row !== '');

  it('names a test for every threat, and each of them exists', () => {
    assert.ok(rows.length > 20);
    for (const row of rows) {
      const [, file = '', title = ''] = /\| `([^`]+)`: (.+?) +\|$/.exec(row) ?? [];
      const address = new URL(file, ROOT);
      assert.ok(file !== '' && existsSync(address), row);
      assert.ok(readFileSync(address, 'utf8').includes(title), `${file} has no test “${title}”.`);
    }
  });
});
