import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../paths.ts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** All code except tests, and the files that are deployed beside it. */
const CODE = globSync(
  [
    'firebase.json',
    '{contract,functions,web,client}/{src,cli}/**/*.{ts,tsx}',
    'functions/*.mjs',
    'web/*.ts',
    'dev/*/*.{ts,mjs}',
  ],
  { cwd: ROOT },
).sort();

const DOCUMENTS = globSync(['*.md', '{docs,client,functions}/*.{md,yaml}', 'functions/.env.example'], { cwd: ROOT });

const REGION =
  /\b(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:north|south|east|west|central)[a-z]*\d+\b/g;

/** Files with regions as data: the locations of buckets, and the region that the test of the kit chooses. */
const TABLES: readonly string[] = ['functions/cli/doctor/locations.ts', 'dev/kit/app.ts'];

const regionsIn = (file: string): string[] => [...read(file).matchAll(REGION)].map(([name]) => name);

describe('the region', () => {
  const fallback = /^export const DEFAULT_REGION = '(.+)';$/m.exec(read('contract/src/region.ts'))?.[1] ?? '';

  it('is named in one place of the code: everything else follows the setting', () => {
    const naming = CODE.filter((file) => !TABLES.includes(file) && regionsIn(file).length > 0);
    assert.deepEqual(naming, ['contract/src/region.ts']);
  });

  it('is the same default in every document, and another one only where changing it is shown', () => {
    const others = DOCUMENTS.filter((file) => regionsIn(file).some((named) => named !== fallback));
    assert.deepEqual(others, ['docs/operations.md']);
    const section = /^### Another region$([^]*?)^##/m.exec(read('docs/operations.md'))?.[1] ?? '';
    const elsewhere = read('docs/operations.md').replace(section, '');
    assert.deepEqual([...new Set([...elsewhere.matchAll(REGION)].map(([name]) => name))], [fallback]);
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
