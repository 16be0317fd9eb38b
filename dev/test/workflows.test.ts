/** Checks what GitHub's runners may do with contributions of strangers: pull requests, and new releases of actions. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.ts';

const FOLDER = path.join(ROOT, '.github/workflows');

describe('A workflow', () => {
  for (const name of readdirSync(FOLDER)) {
    const text = readFileSync(path.join(FOLDER, name), 'utf8');

    it(`${name} names each action by its commit, with its version in a comment`, () => {
      const used = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action ?? '');
      assert.ok(used.length > 0);
      for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it(`${name} may only read the repository if it runs code of others`, () => {
      assert.match(text, /^permissions:\n {2}contents: read$/m);
      const [, ...jobs] = text.split(/^ {2}(?=\w+:$)/m);
      for (const job of jobs.filter((each) => / {6}\S+: write/.test(each))) {
        assert.match(job, /^release:/);
        assert.doesNotMatch(job, /run: (?!npm ci --ignore-scripts$)/m);
      }
    });

    it(`${name} puts no foreign text into a script, because a title may contain one`, () => {
      const scripts = [...text.matchAll(/run: (?:\|\n((?: {10}.*\n?)+)|(.*))/g)].map(
        ([, block, line]) => block ?? line,
      );
      for (const script of scripts) assert.doesNotMatch(script ?? '', /\$\{\{/);
      assert.doesNotMatch(text, /pull_request_target|workflow_run|issue_comment/);
    });
  }
});
