import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FUNCTIONS } from '../paths.ts';

function filesOf(config: string): string[] {
  const { spec } = JSON.parse(readFileSync(path.join(FUNCTIONS, config), 'utf8')) as { spec: string[] };
  return spec.flatMap((pattern) => globSync(pattern, { cwd: FUNCTIONS }));
}

describe('npm test', () => {
  it('runs each test file of the functions once', () => {
    const run = globSync('.mocharc*.json', { cwd: FUNCTIONS }).flatMap(filesOf);
    assert.deepEqual(run.sort(), globSync('test/**/*.test.ts', { cwd: FUNCTIONS }).sort());
  });
});
