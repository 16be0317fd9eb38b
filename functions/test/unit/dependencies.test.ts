/** Why advisories about dependencies do not concern what is deployed. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const MODULES = path.resolve(import.meta.dirname, '../../node_modules');
const LOCK = path.resolve(import.meta.dirname, '../../package-lock.json');

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly dependencies?: Record<string, string> }>
  >;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(path.join(MODULES, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.includes('node_modules'))
    .map((name) => readFileSync(path.join(MODULES, folder, name), 'utf8'))
    .filter((source) => /require\(["']uuid["']\)|from ["']uuid["']/.test(source));
}

describe('The dependencies that are deployed', () => {
  it('call uuid only for random ids: its versions 3, 5 and 6, which can write beyond a buffer, are never called', () => {
    const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as Lock;
    const users = Object.entries(packages)
      .filter(([, { dev, dependencies = {} }]) => dev !== true && 'uuid' in dependencies)
      .map(([name]) => name.replace('node_modules/', ''));
    assert.deepEqual(users.sort(), ['gaxios', 'google-gax', 'teeny-request']);
    for (const user of users) {
      const sources = sourcesOf(user);
      assert.ok(sources.length > 0, user);
      const calls = sources.flatMap((source) => source.match(/\buuid(?:_\d)?\.v\d\)?\([^)]*\)/g) ?? []);
      assert.ok(calls.length > 0, user);
      for (const call of calls) assert.match(call, /\.v4\)?\(\)$/, `${user}: ${call}`);
    }
  });
});
