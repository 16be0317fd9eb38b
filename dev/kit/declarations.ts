/** The type declarations of the package, from its table of contents and what each endpoint is made with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FUNCTIONS } from '../paths.ts';

/** The type in firebase-functions, by the function that an endpoint calls. */
const TYPES: Readonly<Record<string, string>> = {
  onRequest: 'HttpsFunction',
  onGuardedCall: 'CallableFunction<unknown, unknown>',
  onTaskDispatched: 'TaskQueueFunction',
  onSchedule: 'ScheduleFunction',
  onDocumentDeleted: 'CloudFunction<never>',
  onObjectFinalized: 'CloudFunction<never>',
  onAuthUserDeleted: 'CloudFunction<never>',
};

const HEAD = `/** The functions of the kit. \`export * from 'offline-audio-sync'\` in a codebase deploys all of them. */
import type { CloudFunction } from 'firebase-functions/v2';
import type { CallableFunction, HttpsFunction } from 'firebase-functions/v2/https';
import type { ScheduleFunction } from 'firebase-functions/v2/scheduler';
import type { TaskQueueFunction } from 'firebase-functions/v2/tasks';

`;

/** Names of the functions, as they are exported. */
export function functionNames(): string[] {
  const contents = readFileSync(path.join(FUNCTIONS, 'src/index.ts'), 'utf8');
  return [...contents.matchAll(/^export \{ (\w+) \} from '\.\/endpoints\//gm)].map(([, name = '']) => name);
}

/** @throws Error if an endpoint is made in a way that is not known here */
export function declarations(): string {
  const lines = functionNames().map((name) => {
    const code = readFileSync(path.join(FUNCTIONS, `src/endpoints/${name}.ts`), 'utf8');
    const made = new RegExp(`^export const ${name} = (\\w+)[(<]`, 'm').exec(code)?.[1] ?? '';
    const type = TYPES[made];
    if (type === undefined)
      throw new Error(`The type of what ${made || 'this endpoint'} makes is not known. See ${name}.ts.`);
    return `export declare const ${name}: ${type};\n`;
  });
  return HEAD + lines.join('');
}
