/** Who is signed in. */
import { signal } from '@preact/signals';
import { keptDay } from './data/keptDay.ts';
import { keptRecordings } from './data/keptRecordings.ts';

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

/** Who was signed in last time: their screens are painted before Firebase is there, which then says whether they still are. */
const HINT = 'signed-in';

export const session = signal<Session>(expectedSession(localStorage.getItem(HINT)));

/** @param hint as it was kept */
function expectedSession(hint: string | null): Session {
  if (hint === null) return { kind: 'starting', expected: false };
  try {
    const { uid, name } = JSON.parse(hint) as Partial<SignedInUser>;
    if (typeof uid === 'string' && typeof name === 'string') return { kind: 'signedIn', user: { uid, name } };
  } catch {
    // It says as much: there was a user.
  }
  return { kind: 'starting', expected: true };
}

/** Firebase has ended the session by itself: as it does with an account that was deleted or disabled. */
const ACCOUNT_GONE = 'account-gone';

/** Whether Firebase ends the session: no user of this browser has said goodbye. */
export const isEndedByFirebase = (): boolean => sessionStorage.getItem(ACCOUNT_GONE) !== null;

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

/**
 * What a person does first, some of it before they click; in another tab (`storage`), they sign in. Password managers submit, and screen
 * readers click, without a pointer or a key.
 */
const DEEDS = ['pointermove', 'pointerdown', 'keydown', 'focusin', 'click', 'submit', 'storage'] as const;

let isStarted = false;
/** Whether Firebase has said that the user of last time is signed in. */
let isConfirmed = false;

/**
 * Asks Firebase who is signed in. Where no user was, it is loaded at the first key or press: until then there is nothing to do for it.
 * Where one was, the first screen calls this, because Firebase's code would keep it from being painted.
 */
export function startSession(): void {
  if (isStarted) return;
  isStarted = true;
  watchSession().catch((error: unknown) => {
    session.value = { kind: 'unavailable', message: error instanceof Error ? error.message : String(error) };
  });
}

async function watchSession(): Promise<void> {
  if (session.value.kind === 'starting' && !session.value.expected) await firstDeed();
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
    // A link that was opened is still wanted after signing in again.
    void leavePage(isConfirmed ? '/' : location.pathname + location.search);
  else if (shown.kind === 'signedIn' && shown.user.name === user?.name) return;
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
async function leavePage(to = '/'): Promise<void> {
  if (left) return;
  left = true;
  const last = [...farewells].map((work) => work());
  session.value = { kind: 'starting', expected: true };
  await Promise.allSettled(last);
  // Back, and the browser may show this page as it was left.
  addEventListener('pageshow', () => {
    location.reload();
  });
  location.assign(to);
}

function firstDeed(): Promise<void> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const note = (event: Event): void => {
      if (isAtRest(event)) return;
      listening.abort();
      resolve();
    };
    for (const deed of DEEDS) addEventListener(deed, note, { signal: listening.signal });
  });
}

/** Browsers tell a page that loads, or changes, below a pointer at rest of a move that goes nowhere. */
function isAtRest(event: Event): boolean {
  return event instanceof PointerEvent && event.type === 'pointermove' && !event.movementX && !event.movementY;
}
