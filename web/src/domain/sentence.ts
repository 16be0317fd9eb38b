/** Turns errors into sentences that tell the user what went wrong and what to do. */

/** Shown when a newer version of the console has changed the format of what the browser stores, so that this version cannot open it. */
export const OLD_PAGE = 'A newer version of the console was open in this browser: reload this page.';

/** @param isOnline whether the browser reports a network */
export function sentenceOf(error: unknown, isOnline = navigator.onLine): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'QuotaExceededError') return 'There is no room left on this device.';
  if (error.name === 'VersionError') return OLD_PAGE;
  return error.name === 'FirebaseError' && 'code' in error ? sentenceOfFirebase(error, isOnline) : error.message;
}

/** The same sentence, with a full stop at its end. */
export function sentenceEnd(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

export const NO_CONNECTION = 'There is no connection. Try again when it is back.';
const NO_ANSWER =
  'The service does not answer, so nothing was changed as far as is known here. Try again in a minute; if it stays so, tell the operator of this service.';

/** Sentences by Firebase's error code, without the prefix of the product. */
const FIREBASE: Readonly<Record<string, string>> = {
  internal: NO_ANSWER,
  unavailable: NO_ANSWER,
  'deadline-exceeded': NO_ANSWER,
  unknown: NO_ANSWER,
  aborted: NO_ANSWER,
  cancelled: NO_ANSWER,
  unauthenticated: 'Your sign-in is not valid any more. Sign out, and in again.',
  'permission-denied':
    'The service does not let this account see that. Sign out and in again; if it stays so, tell the operator of this service.',
  'resource-exhausted': 'The service has reached a limit. Everything is kept; try again in an hour.',
  'failed-precondition':
    'The service is not set up completely. Tell its operator: an index or another part of the deployment is missing.',
  'not-found':
    'The service does not have what this page asks for. Reload the page; if it stays so, tell the operator of this service.',
};

/** Errors of our functions carry a sentence in `details`; all other errors are Firebase's own. */
function sentenceOfFirebase(error: Error & { readonly code: unknown }, isOnline: boolean): string {
  const said = 'details' in error ? messageIn(error.details) : null;
  if (said !== null) return sentenceEnd(said);
  const code = String(error.code).replace(/^(functions|firestore|storage)\//, '');
  const sentence = FIREBASE[code];
  if (sentence === NO_ANSWER && !isOnline) return NO_CONNECTION;
  return sentence ?? sentenceEnd(error.message);
}

/** Whether the service was not reached or did not answer. The request itself is not at fault. */
export function isUnreached(error: unknown): boolean {
  return [NO_ANSWER, NO_CONNECTION].includes(sentenceOf(error));
}

/** Whether the security rules deny reading. They also do so for documents that do not exist. */
export function isDenied(error: Error): boolean {
  return 'code' in error && error.code === 'permission-denied';
}

/** The error code of one of our functions; null for every other error. */
export function codeOf(error: unknown): string | null {
  const details = error instanceof Error && 'details' in error ? error.details : null;
  if (typeof details !== 'object' || details === null || !('code' in details)) return null;
  return typeof details.code === 'string' ? details.code : null;
}

function messageIn(details: unknown): string | null {
  if (typeof details !== 'object' || details === null || !('message' in details)) return null;
  // The details that the sentence mentions are for programs, so the user's sentence leaves that out.
  return typeof details.message === 'string' ? details.message.replace('; see details', '') : null;
}
