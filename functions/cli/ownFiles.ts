/** The rules, indexes and settings that this package brings. */
import { existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import type { OwnFiles } from './doctor/projectFiles.ts';

/** In the published package they are in `rules/` and beside it; in the repository they are where it deploys them from. */
export function ownFiles(): OwnFiles {
  const root = path.dirname(findPackageJSON('.', import.meta.url) ?? '');
  const isPackage = existsSync(path.join(root, 'rules'));
  const read = (published: string, repository: string): string =>
    readFileSync(path.join(root, isPackage ? published : repository), 'utf8');
  return {
    firestore: read('rules/firestore.rules', '../firestore.rules'),
    storage: read('rules/storage.rules', '../storage.rules'),
    indexes: read('rules/firestore.indexes.json', '../firestore.indexes.json'),
    settings: read('settings.env.example', '.env.example'),
  };
}
