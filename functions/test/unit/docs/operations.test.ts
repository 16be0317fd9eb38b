import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../../../src/errors.ts';

const OPERATIONS = new URL('../../../../docs/operations.md', import.meta.url);

describe('docs/operations.md', () => {
  const rows = new Map(
    readFileSync(OPERATIONS, 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .flatMap(([, code, status, remedy, message]) => {
        const name = /^`(\w+)`$/.exec(code ?? '')?.[1];
        return name !== undefined && /^\d{3}$/.test(status ?? '') ? [[name, { status, remedy, message }] as const] : [];
      }),
  );

  it('explains every code of the catalogue, and no other', () => {
    assert.deepEqual([...rows.keys()].sort(), Object.keys(CATALOGUE).sort());
  });

  it('gives each code its status, its remedy and its sentence', () => {
    for (const [code, { status, remedy, message }] of Object.entries(CATALOGUE)) {
      assert.deepEqual(rows.get(code), { status: String(status), remedy, message }, code);
    }
  });
});
