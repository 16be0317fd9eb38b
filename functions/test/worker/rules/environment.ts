/** The repository's rules in the emulators, in a separate project, so that other suites are not affected. */
import { readFile } from 'node:fs/promises';
import { initializeTestEnvironment } from '@firebase/rules-unit-testing';
import type { RulesTestEnvironment } from '@firebase/rules-unit-testing';
import { setLogLevel } from 'firebase/firestore';

const ROOT = new URL('../../../../', import.meta.url);

type Product = 'firestore' | 'storage';

export function projectOf(product: Product): string {
  return `demo-rules-${product}`;
}

/**
 * The emulators' addresses come from `FIRESTORE_EMULATOR_HOST` and `FIREBASE_STORAGE_EMULATOR_HOST`. The Storage emulator has one set of
 * rules for all projects, and the suite has loaded the repository's. Loading them again would leave it without rules for a moment, in
 * which it would refuse the requests of all other tests.
 */
export async function rulesEnvironment(product: Product): Promise<RulesTestEnvironment> {
  setLogLevel('silent'); // denials are what is tested, not what went wrong
  const projectId = projectOf(product);
  if (product === 'storage') return initializeTestEnvironment({ projectId });
  const rules = await readFile(new URL('firestore.rules', ROOT), 'utf8');
  return initializeTestEnvironment({ projectId, firestore: { rules } });
}
