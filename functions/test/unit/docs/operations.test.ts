import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { CATALOGUE } from '../../../src/errors.ts';

const OPERATIONS = new URL('../../../../docs/operations.md', import.meta.url);
const MONITORING = new URL('../../../../docs/monitoring.md', import.meta.url);
const SOURCE = new URL('../../../src/', import.meta.url);

/** The deployed functions: each is one file, named as it is deployed (`surface.test.ts`). */
function endpointNames(): string[] {
  return readdirSync(new URL('endpoints/', SOURCE)).map((file) => file.replace(/\.ts$/, ''));
}

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

  const source = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, SOURCE), 'utf8'))
    .join('\n');

  it('names every log line that the code writes, and no other', () => {
    const [table = ''] = text.slice(text.indexOf('| stage ')).split('\n\n');
    const messages = [...table.matchAll(/^\| (?:\w+|–) +\| ([^|]+?) +\|/gm)]
      .map(([, message = '']) => message)
      .slice(1);
    const calls = source.matchAll(/\blog(?:ger)?(?:\.\w+|\[[^\]]+\])\(\s*'([^']+)'|failure: \{ message: '([^']+)'/g);
    const written = [...calls].map(([, call, failure]) => call ?? failure ?? '');
    assert.ok(written.length > 30);
    assert.deepEqual([...messages].sort(), [...new Set(written)].sort());
  });

  it('removes every function there is', () => {
    const [, names = ''] = /functions:delete [^\\]+\\\n([^]*?)\n\w/.exec(text) ?? [];
    assert.deepEqual((names.match(/\w+/g) ?? []).sort(), endpointNames().sort());
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

describe('docs/monitoring.md', () => {
  const text = readFileSync(MONITORING, 'utf8');
  const matchesOf = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);

  it('counts log lines that docs/operations.md names', () => {
    const known = readFileSync(OPERATIONS, 'utf8');
    const filters = matchesOf(/jsonPayload\.message=(.+)/g);
    const messages = filters.flatMap(
      (filter) => filter.match(/(?<=")[^"]+(?=")/g)?.filter((part) => part !== ' OR ') ?? [],
    );
    assert.ok(messages.length > 7);
    for (const message of messages) assert.ok(known.includes(`| ${message} `), message);
  });

  it('alerts on metrics that it makes', () => {
    const made = matchesOf(/logging metrics create (\w+)/g);
    for (const name of matchesOf(/logging\.googleapis\.com\/user\/(\w+)/g)) assert.ok(made.includes(name), name);
  });

  it('watches the answers of every function that apps call', () => {
    const [services = ''] = matchesOf(/service_name=one_of\((.+)\)/g);
    const called = endpointNames().filter((name) =>
      /^export const \w+ = (?:onRequest|onGuardedCall)\(/m.test(
        readFileSync(new URL(`endpoints/${name}.ts`, SOURCE), 'utf8'),
      ),
    );
    // Cloud Run's name of a function is its own in small letters.
    assert.deepEqual((services.match(/\w+/g) ?? []).sort(), called.map((name) => name.toLowerCase()).sort());
  });
});
