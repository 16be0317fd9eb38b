import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../paths.ts';
import { closeAfterEach, removeFolder } from './closing.ts';

const CLOSING = pathToFileURL(path.join(import.meta.dirname, 'closing.ts')).href;

describe('What the hooks of a suite open', () => {
  let folder: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    folder = closing(mkdtempSync(path.join(os.tmpdir(), 'closing-')), removeFolder);
  });

  /** The output of mocha for a suite with these hooks. */
  function outputOf(hooks: string): string {
    const file = path.join(folder, 'suite.mjs');
    writeFileSync(
      file,
      `import { closeAfterAll, closeAfterEach } from '${CLOSING}';
       const opened = (name) => ({ close: () => console.log('closed', name) });
       describe('suite', () => { ${hooks}
         it('first', () => console.log('test'));
         it('second', () => console.log('test'));
       });`,
    );
    const mocha = path.join(ROOT, 'node_modules/mocha/bin/mocha.js');
    return spawnSync(process.execPath, [mocha, '--no-config', file], { encoding: 'utf8' }).stdout;
  }
  const lines = (output: string): string[] => output.match(/^test$|^closed \w+$|\d failing/gm) ?? [];

  it('is closed after each test, the last first', () => {
    const output = outputOf(`const closing = closeAfterEach();
      beforeEach(() => { closing(opened('a')); closing(opened('b')); });`);
    assert.deepEqual(lines(output), ['test', 'closed b', 'closed a', 'test', 'closed b', 'closed a']);
  });

  it('is closed after all tests, in its own way', () => {
    const output = outputOf(`const closing = closeAfterAll();
      before(() => { closing(opened('a')); closing('b', (name) => opened(name).close()); });`);
    assert.deepEqual(lines(output), ['test', 'test', 'closed b', 'closed a']);
  });

  it('is closed without a second error if a hook failed before it had opened everything', () => {
    const output = outputOf(`const closing = closeAfterEach();
      beforeEach(() => { closing(opened('a')); throw new Error('the cause'); closing(opened('b')); });`);
    assert.deepEqual(lines(output), ['closed a', '1 failing']);
    assert.match(output, /the cause/);
  });

  it('is closed even if something else could not be closed', () => {
    const output = outputOf(`const closing = closeAfterAll();
      before(() => { closing(opened('a')); closing('b', () => Promise.reject(new Error('the cause'))); });`);
    assert.deepEqual(lines(output), ['test', 'test', 'closed a', '1 failing']);
  });
});
