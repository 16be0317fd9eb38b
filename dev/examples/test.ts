/** `npm run test:examples`: builds each example from the packed client library, in a folder of its own outside of the repository. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say } from '../console.ts';
import { main } from '../main.ts';
import { ROOT } from '../paths.ts';

const EXAMPLES = path.join(ROOT, 'examples');

await main(() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'examples-'));
  const run = (program: string, args: readonly string[], cwd: string): void => {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  try {
    run('npm', ['run', '--silent', 'build', '-w', 'client'], ROOT);
    run('npm', ['pack', '--silent', './client/dist', '--pack-destination', folder], ROOT);
    const packed = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of examples) {
      say.doing(`Building examples/${name} …`);
      const copy = path.join(folder, name);
      cpSync(path.join(EXAMPLES, name), copy, { recursive: true });
      // Native modules need no peer to be type-checked, and no script to be installed.
      const options = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--silent'];
      run('npm', ['install', ...options, path.join(folder, packed)], copy);
      run('npm', ['run', '--silent', 'build'], copy);
      say.done(`examples/${name} is built.`);
    }
    return Promise.resolve(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
