/** `doctor`: what is missing or wrong in a project, before and after deploying. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { optionsIn } from '../arguments.ts';
import type { OwnFiles } from './projectFiles.ts';
import { readProjectFiles } from './projectFiles.ts';
import { FILE_CHECKS } from './fileChecks.ts';
import { DEPLOYMENT_CHECKS } from './deploymentChecks.ts';
import { SET_UP_CHECKS } from './setUpChecks.ts';
import { examine, isWrong, report } from './doctor.ts';
import { accessToken, createGoogle } from './google.ts';

export interface DoctorDeps {
  readonly own: OwnFiles;
  readonly print: (text: string) => void;
  /** Of a stand-in for Google's APIs, in tests. */
  readonly origin?: string;
  /** Null where nobody is signed in. */
  readonly token?: (folder: string) => Promise<string | null>;
}

/** @returns the exit code: 1 where something is wrong. @throws UsageError */
export async function doctorCommand(
  args: string[],
  { own, print, origin, token = accessToken }: DoctorDeps,
): Promise<number> {
  const values = optionsIn(args, {
    project: { type: 'string' },
    instance: { type: 'string' },
    'project-dir': { type: 'string', default: '.' },
    offline: { type: 'boolean', default: false },
  });
  const folder = path.resolve(values['project-dir']);
  const project = values.project ?? projectOf(folder);
  const files = readProjectFiles(folder, { project, instance: values.instance ?? null, own });
  const access = values.offline || project === null ? null : await token(folder);
  const google = access === null || project === null ? null : createGoogle(project, access, origin ?? null);
  const examinations = await examine([...FILE_CHECKS, ...SET_UP_CHECKS, ...DEPLOYMENT_CHECKS], files, google);
  print(report(examinations));
  if (google === null) {
    const how =
      project === null
        ? 'Name the project: --project YOUR-PROJECT.'
        : 'Sign in with "gcloud auth login" or "npx firebase login".';
    print(
      values.offline
        ? 'The files alone were checked.\n'
        : `The files alone were checked. To check the project too: ${how}\n`,
    );
  }
  print(isWrong(examinations) ? 'Something is wrong: see ✗.\n' : 'Nothing is wrong.\n');
  return isWrong(examinations) ? 1 : 0;
}

const rcSchema = z.object({ projects: z.object({ default: z.string().optional() }).optional() });

/** The default project of `.firebaserc`. */
function projectOf(folder: string): string | null {
  const file = path.join(folder, '.firebaserc');
  if (!existsSync(file)) return null;
  const parsed = rcSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return parsed.success ? (parsed.data.projects?.default ?? null) : null;
}
