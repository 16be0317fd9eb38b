import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { CATALOGUE } from '../../../src/errors.ts';
import { LOG_EVENTS } from '../../../src/logEvents.ts';

const OPERATIONS = new URL('../../../../docs/operations.md', import.meta.url);
const MONITORING = new URL('../../../../docs/monitoring.md', import.meta.url);
const SOURCE = new URL('../../../src/', import.meta.url);

/** The names of the deployed functions, which are those of their files (`surface.test.ts`). */
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
    .filter((name) => name.endsWith('.ts') && name !== 'logEvents.ts')
    .map((name) => readFileSync(new URL(name, SOURCE), 'utf8'))
    .join('\n');

  it('names every event that the code logs, and no other', () => {
    const [table = ''] = text.slice(text.indexOf('| event ')).split('\n\n');
    const named = [...table.matchAll(/^\| `([\w.]+)`/gm)].map(([, event = '']) => event);
    assert.deepEqual([...named].sort(), Object.keys(LOG_EVENTS).sort());
  });

  it('has no event that the code does not log', () => {
    const unused = Object.keys(LOG_EVENTS).filter((event) => !source.includes(`'${event}'`));
    assert.deepEqual(unused, []);
  });

  it('names every function in the command that deletes them', () => {
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

  it('counts events that the code logs', () => {
    const filters = matchesOf(/jsonPayload\.event=(.+)/g);
    const events = filters.flatMap((filter) => filter.match(/(?<=")[\w.]+(?=")/g) ?? []);
    assert.ok(events.length > 7);
    for (const event of events) assert.ok(event in LOG_EVENTS, event);
    assert.doesNotMatch(text, /jsonPayload\.message/);
  });

  it('alerts on metrics that it defines', () => {
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
    // Cloud Run has the name of a function in lower case.
    assert.deepEqual((services.match(/\w+/g) ?? []).sort(), called.map((name) => name.toLowerCase()).sort());
  });
});
