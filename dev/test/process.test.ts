import assert from 'node:assert/strict';
import os from 'node:os';
import { run } from '../process.ts';
import { ROOT } from '../paths.ts';

/** Prints the priority of its process, of a thread of it, and of a process that it starts. */
const PROGRAM = `
const { execFileSync } = require('node:child_process');
const { Worker } = require('node:worker_threads');
console.log(os.getPriority());
console.log(execFileSync(process.execPath, ['-p', 'os.getPriority()'], { encoding: 'utf8' }));
new Worker('console.log(require("node:os").getPriority())', { eval: true });
`;

async function prioritiesOf(givesWay: boolean): Promise<number[]> {
  let shown = '';
  const onOutput = (text: string): void => {
    shown += text;
  };
  const { signal } = new AbortController();
  assert.equal(await run(process.execPath, ['-e', PROGRAM], { cwd: ROOT, signal, onOutput, givesWay }), 0);
  return shown.trim().split(/\s+/).map(Number);
}

describe('A program that gives way', () => {
  const own = os.getPriority();

  it('has a lower priority, with its threads and the programs that it starts', async () => {
    const lower = Math.max(own, os.constants.priority.PRIORITY_BELOW_NORMAL);
    assert.deepEqual(await prioritiesOf(true), [lower, lower, lower]);
  });

  it('is the exception, because others have the priority of this process', async () => {
    assert.deepEqual(await prioritiesOf(false), [own, own, own]);
  });
});
