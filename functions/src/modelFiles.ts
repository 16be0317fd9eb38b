/** Where the model files are. */
import { findPackageJSON } from 'node:module';
import path from 'node:path';

/**
 * Path of a file in `models/` of this package. It is found from the package's root, because bundling moves this module: it may run
 * from `src/`, `lib/` or `lib/chunks/`.
 */
export function modelFile(name: string): string {
  const manifest = findPackageJSON('.', import.meta.url);
  if (manifest === undefined) throw new Error('The package.json of the functions is missing.');
  return path.join(path.dirname(manifest), 'models', name);
}
