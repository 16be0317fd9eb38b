/** The repository's rules on the emulators' real engines, in a project of their own, so that no other suite notices. */
import { readFile } from 'node:fs/promises';
import { initializeTestEnvironment } from '@firebase/rules-unit-testing';
import type { RulesTestEnvironment } from '@firebase/rules-unit-testing';
import { setLogLevel } from 'firebase/firestore';

const ROOT = new URL('../../../../', import.meta.url);

type Product = 'firestore' | 'storage';

export function projectOf(product: Product): string {
  return `demo-rules-${product}`;
}

/** The emulators' addresses come from `FIRESTORE_EMULATOR_HOST` and `FIREBASE_STORAGE_EMULATOR_HOST`. */
export async function rulesEnvironment(product: Product): Promise<RulesTestEnvironment> {
  setLogLevel('silent'); // denials are what is tested, not what went wrong
  const rules = await readFile(new URL(`${product}.rules`, ROOT), 'utf8');
  return initializeTestEnvironment({ projectId: projectOf(product), [product]: { rules } });
}
