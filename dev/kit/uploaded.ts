/**
 * Lists what `firebase deploy` of this repository uploads: the files that the pinned firebase-tools selects by `ignore` of
 * firebase.json.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { readFirebaseConfig } from '../emulators/workspace.ts';
import { FUNCTIONS } from '../paths.ts';

interface FirebaseTools {
  readonly readdirRecursive: (options: {
    readonly path: string;
    readonly ignoreStrings: readonly string[];
  }) => Promise<{ readonly name: string }[]>;
}

const { readdirRecursive } = createRequire(import.meta.url)('firebase-tools/lib/fsAsync.js') as FirebaseTools;

/** Files by which the cloud installs packages. The kit has its own manifest, made from these (dependencies.ts). */
const MANIFESTS: ReadonlySet<string> = new Set(['package.json', 'package-lock.json', '.npmrc']);

/** Paths from `functions/`, without the manifests. */
export async function uploadedFiles(): Promise<string[]> {
  const ignoreStrings = readFirebaseConfig().functions[0]?.ignore ?? [];
  const files = await readdirRecursive({ path: FUNCTIONS, ignoreStrings });
  return files
    .map(({ name }) => path.relative(FUNCTIONS, name))
    .filter((file) => !MANIFESTS.has(file))
    .sort();
}
