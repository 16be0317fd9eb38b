import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CATALOGUE, EMPTY_LEDGER, FILE_STATES, JOB_STATUSES } from 'offline-audio-sync-contract';
import { ROOT } from '../../paths.ts';

const VOCABULARIES: Readonly<Record<string, readonly string[]>> = {
  'job statuses': JOB_STATUSES,
  'file states': FILE_STATES,
  'error codes': Object.keys(CATALOGUE),
  'ledger fields': Object.keys(EMPTY_LEDGER),
};

const SOURCES = globSync(['{contract,functions,client,web}/src/**/*.{ts,tsx}', 'dev/**/*.{ts,mjs}'], {
  cwd: ROOT,
  exclude: (name) => /node_modules|dev\/test/.test(name),
});

/** `'a', 'b'`, `'a' | 'b'`, `state === 'a' || state === 'b'`, `state !== 'a' && state !== 'b'`. */
const GROUP = /'\w+'(?:\s*(?:,|\||(?:\|\||&&)\s*[\w.?]+\s*[!=]==)\s*'\w+')+/g;

/** Words of one vocabulary that a text puts together: each such group has a meaning. */
function groupsIn(text: string): string[] {
  return [...text.matchAll(GROUP)].flatMap(([group]) => {
    const words = [...new Set(group.match(/\w+(?=')/g) ?? [])].sort();
    const [kind] = Object.entries(VOCABULARIES).find(([, all]) => words.every((word) => all.includes(word))) ?? [];
    return kind === undefined || words.length < 2 ? [] : [`${kind}: ${words.join(', ')}`];
  });
}

describe('states, codes and ledger fields', () => {
  it('that have a meaning as a group are grouped in one file only', () => {
    const files = new Map<string, Set<string>>();
    for (const file of SOURCES) {
      for (const group of groupsIn(readFileSync(path.join(ROOT, file), 'utf8'))) {
        files.set(group, (files.get(group) ?? new Set()).add(file));
      }
    }
    assert.ok(files.size > 10);
    const repeated = [...files].filter(([, places]) => places.size > 1).map(([group, places]) => [group, ...places]);
    assert.deepEqual(repeated, []);
  });

  it('are found in each of the usual ways to write them', () => {
    for (const text of [
      "['partial', 'failed']",
      "type T = 'partial' | 'failed'",
      "a.status === 'partial' || a.status === 'failed'",
      "status !== 'partial' && status !== 'failed'",
    ]) {
      assert.deepEqual(groupsIn(text), ['job statuses: failed, partial'], text);
    }
  });
});
