import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FUNCTIONS, WEB } from '../paths.ts';

describe('npm test', () => {
  for (const [title, cwd] of [
    ['functions', FUNCTIONS],
    ['console', WEB],
  ] as const)
    it(`runs each test file of the ${title} once`, () => {
      const run = globSync('.mocharc*.json', { cwd }).flatMap((config) => {
        const { spec } = JSON.parse(readFileSync(path.join(cwd, config), 'utf8')) as { spec: string[] };
        return spec.flatMap((pattern) => globSync(pattern, { cwd }));
      });
      assert.deepEqual(run.sort(), globSync('test/**/*.test.ts', { cwd }).sort());
    });
});
