import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../paths.ts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** Where a region may be named: what is deployed, what calls it, what tests it, what describes it. */
const FILES = globSync(
  [
    'firebase.json',
    '*.md',
    '{docs,client}/*.{md,yaml}',
    '{contract,functions,web,client}/{src,test}/**/*.{ts,tsx}',
    'dev/*/*.{ts,mjs}',
  ],
  {
    cwd: ROOT,
  },
).sort();

const REGION =
  /\b(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:north|south|east|west|central)[a-z]*\d+\b/g;

describe('the region', () => {
  const config = /^export const REGION = '(.+)';$/m.exec(read('contract/src/region.ts'))?.[1] ?? '';

  it('is the same everywhere', () => {
    for (const file of FILES) {
      for (const [named] of read(file).matchAll(REGION)) assert.equal(named, config, file);
    }
  });

  it('is named in the places that docs/operations.md lists, and in no other', () => {
    const section = /^### Another region$([^]*?)^##/m.exec(read('docs/operations.md'))?.[1] ?? '';
    const listed = [...section.matchAll(/^\| `([^`]+)` /gm)].map(([, file = '']) => file);
    const naming = FILES.filter((file) => [...read(file).matchAll(REGION)].length > 0);
    assert.deepEqual(listed.sort(), naming);
  });
});

describe('the version', () => {
  it('is the same in every package and in the contract', () => {
    const packages = ['.', 'contract', 'functions', 'client', 'web', 'dev'].map(
      (directory) => `${directory}/package.json`,
    );
    const versions = packages.map((file) => (JSON.parse(read(file)) as { version: string }).version);
    const contract = /^ {2}version: (.+)$/m.exec(read('docs/openapi.yaml'))?.[1];
    assert.deepEqual([...new Set([...versions, contract])].length, 1, [...versions, contract].join(', '));
  });
});
