import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closeAfterEach, removeFolder } from './closing.ts';
import { builtOnce } from '../emulators/builtOnce.ts';

describe('A build for several suites', () => {
  let directory: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    directory = closing(mkdtempSync(path.join(os.tmpdir(), 'built-')), removeFolder);
  });

  const { signal } = new AbortController();
  const target = (name: string): string => path.join(directory, name);
  const contents = (name: string): string => readFileSync(path.join(target(name), 'chunks/a.js'), 'utf8');

  /** A build that fails so many times, and then writes the number of the build. */
  function counting(failures = 0) {
    let builds = 0;
    return builtOnce(async (into) => {
      builds += 1;
      await Promise.resolve();
      if (builds <= failures) throw new Error('It does not compile.');
      mkdirSync(path.join(into, 'chunks'), { recursive: true });
      writeFileSync(path.join(into, 'chunks/a.js'), `build ${builds}`);
    });
  }

  it('runs once for two suites that start together, and for one that starts when the first is deleted', async () => {
    const build = counting();
    await Promise.all([build(target('one'), signal), build(target('two'), signal)]);
    rmSync(target('one'), { recursive: true });
    await build(target('three'), signal);
    assert.deepEqual([contents('two'), contents('three')], ['build 1', 'build 1']);
  });

  it('runs again after it failed', async () => {
    const build = counting(1);
    await assert.rejects(build(target('one'), signal), /does not compile/);
    await build(target('two'), signal);
    assert.equal(contents('two'), 'build 2');
  });

  it('is not written for a suite that was stopped meanwhile', async () => {
    const build = counting();
    await build(target('one'), signal);
    await assert.rejects(build(target('two'), AbortSignal.abort(new Error('stopped'))), /stopped/);
    assert.throws(() => contents('two'), { code: 'ENOENT' });
  });
});
