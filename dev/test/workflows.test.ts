/** Checks what GitHub's runners may do with contributions of strangers: pull requests, and new releases of actions. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.ts';

const FOLDER = path.join(ROOT, '.github/workflows');

describe('A workflow', () => {
  for (const name of readdirSync(FOLDER)) {
    const text = readFileSync(path.join(FOLDER, name), 'utf8');

    it(`${name} names each action by the commit that it is, with the version for readers`, () => {
      const used = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action ?? '');
      assert.ok(used.length > 0);
      for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it(`${name} may read the repository, and no more where code of others runs`, () => {
      assert.match(text, /^permissions:\n {2}contents: read$/m);
      const [, ...jobs] = text.split(/^ {2}(?=\w+:$)/m);
      for (const job of jobs.filter((each) => / {6}\S+: write/.test(each))) {
        assert.match(job, /^release:/);
        assert.doesNotMatch(job, /run: (?!npm ci --ignore-scripts$)/m);
      }
    });

    it(`${name} puts no text of strangers into a script: a title may hold one`, () => {
      const scripts = [...text.matchAll(/run: (?:\|\n((?: {10}.*\n?)+)|(.*))/g)].map(
        ([, block, line]) => block ?? line,
      );
      for (const script of scripts) assert.doesNotMatch(script ?? '', /\$\{\{/);
      assert.doesNotMatch(text, /pull_request_target|workflow_run|issue_comment/);
    });
  }
});
