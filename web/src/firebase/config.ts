/** Which Firebase project this console is for: the host that serves it knows. */
import type { FirebaseOptions } from 'firebase/app';
import { once } from '../once.ts';
import { within } from '../within.ts';

const PATH = '/__/firebase/init.json';
const KEY = 'firebase-config';
/** For the host to answer, milliseconds. */
const LIMIT_MS = 30_000;
const NO_ANSWER = 'The host of this console does not answer. Check your connection, then try again.';

/**
 * What the host said is kept, so that the console opens offline, and asked for again behind the user's back.
 * @throws Error when it was never asked and cannot be now.
 */
export const firebaseConfig = once(async (): Promise<FirebaseOptions> => {
  const fresh = within(askHost(), LIMIT_MS, NO_ANSWER);
  const kept = configIn(localStorage.getItem(KEY) ?? '');
  if (kept !== null) fresh.catch(() => undefined);
  return kept ?? fresh;
});

async function askHost(): Promise<FirebaseOptions> {
  const response = await fetch(PATH);
  const text = await response.text();
  const config = configIn(text);
  // A portal answers 200 to everything: its page must not be kept.
  if (!response.ok || config === null)
    throw new Error(`This host does not know its Firebase project (${response.status}).`);
  localStorage.setItem(KEY, text);
  return config;
}

const isConfig = (value: unknown): value is FirebaseOptions =>
  typeof value === 'object' && value !== null && 'projectId' in value && typeof value.projectId === 'string';

/** Null where it is none. */
export function configIn(text: string): FirebaseOptions | null {
  try {
    const value: unknown = JSON.parse(text);
    return isConfig(value) ? value : null;
  } catch {
    return null;
  }
}
