/** The configuration of the Firebase project. The host that serves the console knows it. */
import type { FirebaseOptions } from 'firebase/app';
import { once } from '../once.ts';
import { within } from '../within.ts';

const PATH = '/__/firebase/init.json';
const KEY = 'firebase-config';
/** Time limit for the host's answer, milliseconds. */
const LIMIT_MS = 30_000;
const NO_ANSWER = 'The host of this console does not answer. Check your connection, then try again.';

/**
 * The configuration is stored, so that the console opens offline, and is updated in the background.
 * @throws Error if it is not stored and the host cannot be reached
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
  // The login page of a Wi-Fi portal answers every request with 200, so its content must not be stored.
  if (!response.ok || config === null)
    throw new Error(`This host does not know its Firebase project (${response.status}).`);
  localStorage.setItem(KEY, text);
  return config;
}

const isConfig = (value: unknown): value is FirebaseOptions =>
  typeof value === 'object' && value !== null && 'projectId' in value && typeof value.projectId === 'string';

/** Null if the text is not a configuration. */
export function configIn(text: string): FirebaseOptions | null {
  try {
    const value: unknown = JSON.parse(text);
    return isConfig(value) ? value : null;
  } catch {
    return null;
  }
}
