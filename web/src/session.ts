/** Who is signed in. */
import { signal } from '@preact/signals';
import { keptDay } from './data/keptDay.ts';
import { keptRecordings } from './data/keptRecordings.ts';

export interface SignedInUser {
  readonly uid: string;
  readonly name: string;
}

export type Session =
  /** Firebase has not answered yet. `expected`: a user was signed in last time. */
  | { readonly kind: 'starting'; readonly expected: boolean }
  | { readonly kind: 'signedOut' }
  | { readonly kind: 'signedIn'; readonly user: SignedInUser }
  | { readonly kind: 'unavailable'; readonly message: string };

/** The user who was signed in last time. Their screens are rendered before Firebase is loaded, which then says whether they still are. */
const HINT = 'signed-in';

export const session = signal<Session>(expectedSession(localStorage.getItem(HINT)));

/** @param hint the stored value */
function expectedSession(hint: string | null): Session {
  if (hint === null) return { kind: 'starting', expected: false };
  try {
    const { uid, name } = JSON.parse(hint) as Partial<SignedInUser>;
    if (typeof uid === 'string' && typeof name === 'string') return { kind: 'signedIn', user: { uid, name } };
  } catch {
    // The hint is not readable, but it shows that there was a user.
  }
  return { kind: 'starting', expected: true };
}

/** Set when Firebase ends the session, as it does when the account was deleted or disabled. */
const ACCOUNT_GONE = 'account-gone';

/** Whether Firebase ended the session, and not the user. */
export const isEndedByFirebase = (): boolean => sessionStorage.getItem(ACCOUNT_GONE) !== null;

/** Key of the message that the next sign-in page of this tab shows, such as "Everything was deleted". */
const SIGN_OUT_MESSAGE = 'sign-out-message';

/** Sets the message that the next sign-in page of this tab shows. @returns a function that removes it */
export function setSignOutMessage(text: string): () => void {
  sessionStorage.setItem(SIGN_OUT_MESSAGE, text);
  return () => {
    sessionStorage.removeItem(SIGN_OUT_MESSAGE);
  };
}

/** Why the session ended, for the sign-in page; shown once. Null if the user signed out. */
export function takeSignOutReason(): { readonly text: string; readonly bad: boolean } | null {
  const message = sessionStorage.getItem(SIGN_OUT_MESSAGE);
  const isGone = sessionStorage.getItem(ACCOUNT_GONE) !== null;
  sessionStorage.removeItem(SIGN_OUT_MESSAGE);
  sessionStorage.removeItem(ACCOUNT_GONE);
  if (message !== null) return { text: message, bad: false };
  return isGone
    ? {
        text: 'You were signed out: this account was deleted or disabled, or its password has changed. Recordings that were not sent yet are still on this device.',
        bad: true,
      }
    : null;
}

/** Work to finish before the page is left, such as storing the last second of a recording. */
const tasksBeforeLeaving = new Set<() => Promise<unknown>>();
let left = false;

/** @returns a function that removes the work again */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  tasksBeforeLeaving.add(work);
  return () => {
    tasksBeforeLeaving.delete(work);
  };
}

/**
 * The first interactions of a user, some of them before a click. In another tab, signing in is noticed by `storage`. Password managers
 * submit forms, and screen readers click, without a pointer or a key.
 */
const FIRST_INTERACTION_EVENTS = [
  'pointermove',
  'pointerdown',
  'keydown',
  'focusin',
  'click',
  'submit',
  'storage',
] as const;

let isStarted = false;
/** Whether Firebase has confirmed that the user of last time is signed in. */
let isConfirmed = false;

/**
 * Asks Firebase who is signed in. If no user was, Firebase is loaded at the first interaction, because it is not needed before. If one was,
 * the first screen calls this after it is rendered, because loading Firebase would delay it.
 */
export function startSession(): void {
  if (isStarted) return;
  isStarted = true;
  watchSession().catch((error: unknown) => {
    session.value = { kind: 'unavailable', message: error instanceof Error ? error.message : String(error) };
  });
}

async function watchSession(): Promise<void> {
  if (session.value.kind === 'starting' && !session.value.expected) await firstInteraction();
  addEventListener('storage', leaveWithOthers);
  const { watchUser, leftByHand } = await import('./firebase/auth.ts');
  await watchUser((found) => {
    const user = found && { uid: found.uid, name: found.displayName ?? found.email ?? 'Signed in' };
    const wasSignedIn = localStorage.getItem(HINT) !== null;
    if (user === null && wasSignedIn && !leftByHand()) sessionStorage.setItem(ACCOUNT_GONE, '1');
    if (user === null) {
      localStorage.removeItem(HINT);
      keptDay.forget();
      keptRecordings.forget();
    } else localStorage.setItem(HINT, JSON.stringify(user));
    show(user);
    isConfirmed ||= user !== null;
  });
}

function show(user: SignedInUser | null): void {
  const shown = session.value;
  if (left) return;
  if (shown.kind === 'signedIn' && shown.user.uid !== user?.uid)
    // After signing in again, the user still wants the page whose link was opened.
    void leavePage(isConfirmed ? '/' : location.pathname + location.search);
  else if (shown.kind === 'signedIn' && shown.user.name === user?.name) return;
  else session.value = user === null ? { kind: 'signedOut' } : { kind: 'signedIn', user };
}

/**
 * Signs this tab out when another one does. Firebase only checks now and then, so a tab in the background may miss that the user signed out
 * and in again.
 */
function leaveWithOthers({ key, newValue }: StorageEvent): void {
  const isSignOut = newValue === null && (key === HINT || key === null);
  if (isSignOut && session.value.kind === 'signedIn') void leavePage();
}

/**
 * Signing out in any tab deletes Firestore's cache, and clients that had it open never answer again, in any tab. So every tab loads the
 * page again. This also removes the screens of one user before another signs in.
 */
async function leavePage(to = '/'): Promise<void> {
  if (left) return;
  left = true;
  const last = [...tasksBeforeLeaving].map((work) => work());
  session.value = { kind: 'starting', expected: true };
  await Promise.allSettled(last);
  // With Back, the browser may show this page as it was.
  addEventListener('pageshow', () => {
    location.reload();
  });
  location.assign(to);
}

function firstInteraction(): Promise<void> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const note = (event: Event): void => {
      if (isAtRest(event)) return;
      listening.abort();
      resolve();
    };
    for (const type of FIRST_INTERACTION_EVENTS) addEventListener(type, note, { signal: listening.signal });
  });
}

/** Whether the pointer has not moved. When a page loads or changes below a resting pointer, browsers report a move of length 0. */
function isAtRest(event: Event): boolean {
  return event instanceof PointerEvent && event.type === 'pointermove' && !event.movementX && !event.movementY;
}
