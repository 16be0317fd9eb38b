/** Runs the checks, and says what each found. */
import type { Check, Verdict } from './check.ts';
import { NotAskedError } from './google.ts';
import type { Google } from './google.ts';
import type { ProjectFiles } from './projectFiles.ts';

export interface Examination {
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}

/** @param google null where nobody is signed in: checks of the project are left out then. */
export async function examine(
  checks: readonly Check[],
  files: ProjectFiles,
  google: Google | null,
): Promise<Examination[]> {
  const examinations: Examination[] = [];
  for (const check of checks) {
    if (check.of === 'files') examinations.push({ name: check.name, verdicts: check.run(files) });
    else if (google !== null)
      examinations.push({ name: check.name, verdicts: await ask(() => check.run(google, files)) });
  }
  return examinations;
}

/** One API that does not answer keeps no other check from running. */
async function ask(run: () => Promise<readonly Verdict[]>): Promise<readonly Verdict[]> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NotAskedError)) throw error;
    return [{ kind: 'unknown', reason: error.message }];
  }
}

/** One line for what is right, two for the rest: what it is, and what to do. */
export function report(examinations: readonly Examination[]): string {
  return examinations
    .flatMap(({ name, verdicts }) =>
      verdicts.map((verdict) => {
        if (verdict.kind === 'right') return `✓ ${name}\n`;
        if (verdict.kind === 'unknown') return `? ${name}: not checked, because ${verdict.reason}\n`;
        return `${verdict.kind === 'wrong' ? '✗' : '!'} ${name}: ${verdict.problem}\n    ${verdict.remedy}\n`;
      }),
    )
    .join('');
}

export function isWrong(examinations: readonly Examination[]): boolean {
  return examinations.some(({ verdicts }) => verdicts.some(({ kind }) => kind === 'wrong'));
}
