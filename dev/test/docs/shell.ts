/**
 * Runs a block of shell commands unchanged, with recorders in place of programs that would need a network, a project or a lot
 * of time. It runs in a separate directory, which contains the files of a clone that documents tell to copy.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../../paths.ts';

/** The programs that are recorded. All others that a block calls must exist and work. */
const RECORDED = ['npm', 'npx', 'node', 'gcloud', 'curl', 'git', 'firebase'] as const;

const COPIED = ['functions/.env.example'];

export interface Call {
  readonly program: string;
  readonly args: readonly string[];
}

/** The output of a recorder, for `$(…)`. */
const OUTPUT = 'recorded';

/** @returns the calls of recorded programs, in order. @throws Error when the shell fails. */
export function runRecorded(script: string, env: Readonly<Record<string, string>> = {}): Call[] {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'docs-shell-'));
  try {
    for (const file of COPIED) {
      mkdirSync(path.join(directory, path.dirname(file)), { recursive: true });
      copyFileSync(path.join(ROOT, file), path.join(directory, file));
    }
    const log = path.join(directory, 'calls');
    writeFileSync(log, '');
    for (const program of RECORDED) {
      const file = path.join(directory, program);
      writeFileSync(
        file,
        `#!/bin/bash\n{ printf '%s\\0' ${program} "$@"; printf '\\n\\0'; } >> '${log}'\ncat >/dev/null\necho ${OUTPUT}\n`,
      );
      chmodSync(file, 0o755);
    }
    execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: directory,
      env: { ...env, PATH: `${directory}:/usr/bin:/bin` },
      input: '',
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: 120_000,
    });
    return callsIn(readFileSync(log, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function callsIn(log: string): Call[] {
  return log
    .split('\n\0')
    .filter((call) => call !== '')
    .map((call) => {
      const [program = '', ...args] = call.split('\0').slice(0, -1);
      return { program, args };
    });
}
