import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { optionsIn, UsageError } from '../../../cli/arguments.ts';

/** The exit code of a program, and everything that it prints. */
async function run(program: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const file = fileURLToPath(new URL(`../../../${program}`, import.meta.url));
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, ...args]);
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

describe('the options of a program', () => {
  it('are only those that it defines, each with its value', () => {
    const options = { project: { type: 'string' }, write: { type: 'boolean', default: false } } as const;
    assert.deepEqual({ ...optionsIn(['--project', 'p'], options) }, { project: 'p', write: false });
    for (const args of [['--projct', 'p'], ['--project'], ['--write=yes'], ['p']])
      assert.throws(() => optionsIn(args, options), UsageError, args.join(' '));
  });

  for (const [program, ...args] of [
    ['cli/main.ts', 'doctor'],
    ['tools/fairUse.ts'],
    ['tools/retryJobs.ts'],
    ['test/invariants/cli.ts'],
  ] as const) {
    it(`are printed without a stack if one is wrong, and with --help: ${program}`, async function () {
      const [wrong, help] = await Promise.all([run(program, ...args, '--projct'), run(program, ...args, '--help')]);
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.text, /^Unknown option '--projct'/);
      assert.equal(help.code, 0);
      for (const { text } of [wrong, help]) {
        assert.match(text, /Usage: .*--project/s);
        assert.doesNotMatch(text, /^ +at /m);
      }
    });
  }
});
