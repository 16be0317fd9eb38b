import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FUNCTIONS } from '../paths.ts';

function config(name: string): { spec: string[]; ignore?: string[]; timeout: number } {
  return JSON.parse(readFileSync(path.join(FUNCTIONS, name), 'utf8')) as { spec: string[]; timeout: number };
}

describe('npm test', () => {
  it('runs each emulator test of the functions once: with the deployed functions, or apart from them', () => {
    const apart = config('.mocharc.worker.json').spec;
    assert.deepEqual(config('.mocharc.emulator.json').ignore, apart);
    // By their names: mocha only warns of a pattern that matches no file.
    for (const name of apart) assert.ok(existsSync(path.join(FUNCTIONS, name)), name);
  });
});
