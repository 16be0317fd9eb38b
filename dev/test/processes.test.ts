import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { SUITE_MARK, isAlive, killSuite, suiteProcesses } from '../emulators/processes.ts';

/** Starts a process that keeps running. Resolves when it, and its detached grandchild if requested, has started. */
async function startProcess(
  directory: string,
  detachedGrandchild = false,
): Promise<{ child: ChildProcess; pids: number[] }> {
  const stay = 'setInterval(() => {}, 1000);';
  const grandchild = `const c = require('node:child_process').spawn(process.execPath, ['-e', '${stay}'], { detached: true, stdio: 'ignore' });
    c.once('spawn', () => console.log(c.pid));`;
  const child = spawn(process.execPath, ['-e', stay + (detachedGrandchild ? grandchild : 'console.log(0)')], {
    env: { ...process.env, [SUITE_MARK]: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, pids: [child.pid!, Number(line.toString())].filter((pid) => pid > 0) };
}

describe('End of a suite', () => {
  const directory = `/tmp/suite-of-a-test-${String(process.pid)}`;

  it('ends its processes, even those that detached themselves', async () => {
    const { child, pids } = await startProcess(directory, true);
    assert.equal(pids.length, 2);
    assert.deepEqual(suiteProcesses(directory).sort(), pids.sort());
    await Promise.all([once(child, 'exit'), killSuite(directory)]);
    assert.deepEqual(suiteProcesses(directory), []);
  });

  it('does not end those of another suite, even one whose directory starts with the same letters', async () => {
    const { child, pids } = await startProcess(`${directory}-2`);
    await killSuite(directory);
    assert(isAlive(pids[0]!));
    await Promise.all([once(child, 'exit'), killSuite(`${directory}-2`)]);
  });
});
