import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { CATALOGUE } from '../../../src/errors.ts';

const OPERATIONS = new URL('../../../../docs/operations.md', import.meta.url);
const SOURCE = new URL('../../../src/', import.meta.url);

describe('docs/operations.md', () => {
  const text = readFileSync(OPERATIONS, 'utf8');
  const rows = new Map(
    text
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .flatMap(([, code, status, remedy, message]) => {
        const name = /^`(\w+)`$/.exec(code ?? '')?.[1];
        return name !== undefined && /^\d{3}$/.test(status ?? '') ? [[name, { status, remedy, message }] as const] : [];
      }),
  );

  it('names log lines that the code writes', () => {
    const source = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(new URL(name, SOURCE), 'utf8'))
      .join('\n');
    const table = text.slice(text.indexOf('| stage '), text.indexOf('## Counters'));
    const messages = [...table.matchAll(/^\| [a-z]\w+ +\| ([A-Z][^|]+?) +\|/gim)].map(([, message = '']) => message);
    const filtered = [...text.matchAll(/jsonPayload\.message="([^"]+)"/g)].map(([, message = '']) => message);
    assert.ok(messages.length > 15 && filtered.length > 3);
    for (const message of [...messages.filter((each) => each !== 'message'), ...filtered])
      assert.ok(source.includes(`'${message}'`), message);
  });

  it('explains every code of the catalogue, and no other', () => {
    assert.deepEqual([...rows.keys()].sort(), Object.keys(CATALOGUE).sort());
  });

  it('gives each code its status, its remedy and its sentence', () => {
    for (const [code, { status, remedy, message }] of Object.entries(CATALOGUE)) {
      assert.deepEqual(rows.get(code), { status: String(status), remedy, message }, code);
    }
  });
});
