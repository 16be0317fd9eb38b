import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../paths.ts';

const CRUISER = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Rules that a tree of sources breaks, as `npm run depcheck` names them. @param files their text, by path. */
async function brokenRules(files: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'depcheck-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
      await writeFile(path.join(directory, name), text);
    }
    const config = path.join(ROOT, '.dependency-cruiser.cjs');
    const cruise = promisify(execFile)(process.execPath, [CRUISER, '--config', config, 'functions/src'], {
      cwd: directory,
    });
    const { stdout } = await cruise.catch((error: unknown) => error as { stdout: string });
    return [...new Set([...stdout.matchAll(/^ *error ([\w-]+):/gm)].map(([, rule = '']) => rule))].sort();
  } finally {
    await rm(directory, { recursive: true });
  }
}

const TREE = {
  'functions/src/usage/budget.ts': "import { a } from '../jobs/a.ts';\nexport const budget = a;\n",
  'functions/src/jobs/a.ts': 'export const a = 1;\n',
  'functions/src/jobs/b.ts': 'export const b = 1;\n',
  'functions/src/usage/day.ts': 'export const day = 1;\n',
};

describe('npm run depcheck', () => {
  it('accepts folders that import in one direction', async () => {
    assert.deepEqual(await brokenRules(TREE), []);
  });

  it('fails on two folders that import from each other, although no files do', async () => {
    const b = "import { day } from '../usage/day.ts';\nexport const b = day;\n";
    assert.deepEqual(await brokenRules({ ...TREE, 'functions/src/jobs/b.ts': b }), ['no-folder-circles']);
  });

  it('fails on an import that points up', async () => {
    const b = "import { budget } from '../upload/budget.ts';\nexport const b = budget;\n";
    const up = { 'functions/src/upload/budget.ts': 'export const budget = 1;\n', 'functions/src/jobs/b.ts': b };
    assert.deepEqual(await brokenRules({ ...TREE, ...up }), ['jobs-usage-imports-down']);
  });

  it('fails on a folder that has no layer', async () => {
    const lost = { 'functions/src/lost/a.ts': "export { a } from '../jobs/a.ts';\n" };
    assert.deepEqual(await brokenRules({ ...TREE, ...lost }), ['every-module-has-a-layer']);
  });
});
