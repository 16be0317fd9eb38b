/** Who is signed in. */
import { signal } from '@preact/signals';

export interface SignedInUser {
  readonly uid: string;
  readonly name: string;
}

export type Session =
  /** Firebase has not said yet. */
  | { readonly kind: 'starting'; readonly expected: boolean }
  | { readonly kind: 'signedOut' }
  | { readonly kind: 'signedIn'; readonly user: SignedInUser }
  | { readonly kind: 'unavailable'; readonly message: string };

/** Whether a user was signed in last time: decides what is painted before Firebase is there. */
const HINT = 'signed-in';

export const session = signal<Session>({ kind: 'starting', expected: localStorage.getItem(HINT) !== null });

/** Firebase has ended the session by itself: as it does with an account that was deleted or disabled. */
const ACCOUNT_GONE = 'account-gone';

/** What the user did before they were signed out. */
const FAREWELL = 'farewell';

/** Tells the next sign-in page of this tab what was done. @returns how to take it back */
export function sayFarewell(text: string): () => void {
  sessionStorage.setItem(FAREWELL, text);
  return () => {
    sessionStorage.removeItem(FAREWELL);
  };
}

/** Why the user is not signed in any more, for the sign-in page; shown once. Null where they signed out themselves. */
export function takeSignOutReason(): { readonly text: string; readonly bad: boolean } | null {
  const farewell = sessionStorage.getItem(FAREWELL);
  const isGone = sessionStorage.getItem(ACCOUNT_GONE) !== null;
  sessionStorage.removeItem(FAREWELL);
  sessionStorage.removeItem(ACCOUNT_GONE);
  if (farewell !== null) return { text: farewell, bad: false };
  return isGone
    ? {
        text: 'You were signed out: this account was deleted or disabled, or its password has changed. Recordings that were not sent yet are still on this device.',
        bad: true,
      }
    : null;
}

/** What has to be done before the page goes: keeping the last second of a recording. */
const farewells = new Set<() => Promise<unknown>>();
let left = false;

/** @returns how to take it back */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  farewells.add(work);
  return () => {
    farewells.delete(work);
  };
}

/** What a person does first, some of it before they click; in another tab (`storage`), they sign in. */
const DEEDS = ['pointerover', 'pointerdown', 'keydown', 'focusin', 'storage'] as const;

/** Where no user was signed in, Firebase is loaded at the first key or press: until then there is nothing to do for it. */
export async function startSession(): Promise<void> {
  if (session.value.kind === 'starting' && !session.value.expected) await firstDeed();
  try {
    const { watchUser, leftByHand } = await import('./firebase/auth.ts');
    addEventListener('storage', leaveWithOthers);
    await watchUser((user) => {
      const wasSignedIn = localStorage.getItem(HINT) !== null;
      if (user === null && wasSignedIn && !leftByHand()) sessionStorage.setItem(ACCOUNT_GONE, '1');
      if (user === null) localStorage.removeItem(HINT);
      else localStorage.setItem(HINT, '1');
      show(user === null ? null : { uid: user.uid, name: user.displayName ?? user.email ?? 'Signed in' });
    });
  } catch (error) {
    session.value = { kind: 'unavailable', message: error instanceof Error ? error.message : String(error) };
  }
}

function show(user: SignedInUser | null): void {
  const shown = session.value;
  if (left) return;
  if (shown.kind === 'signedIn' && shown.user.uid !== user?.uid) void leavePage();
  else session.value = user === null ? { kind: 'signedOut' } : { kind: 'signedIn', user };
}

/** Firebase asks now and then who is signed in. A tab in the background may miss that the user signed out and in again. */
function leaveWithOthers({ key, newValue }: StorageEvent): void {
  const isSignOut = newValue === null && (key === HINT || key === null);
  if (isSignOut && session.value.kind === 'signedIn') void leavePage();
}

/**
 * Signing out, in any tab, deletes Firestore's cache: clients that had it open never answer again, in any tab.
 * So every tab begins anew, and no screen of one user is ever there for another.
 */
async function leavePage(): Promise<void> {
  if (left) return;
  left = true;
  const last = [...farewells].map((work) => work());
  session.value = { kind: 'starting', expected: true };
  await Promise.allSettled(last);
  // Back, and the browser may show this page as it was left.
  addEventListener('pageshow', () => {
    location.reload();
  });
  location.assign('/');
}

function firstDeed(): Promise<void> {
  return new Promise((resolve) => {
    const happened = (): void => {
      resolve();
    };
    for (const deed of DEEDS) addEventListener(deed, happened, { once: true });
  });
}
