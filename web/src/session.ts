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

/** Whether somebody was signed in last time: decides what is painted before Firebase is there. */
const HINT = 'signed-in';

export const session = signal<Session>({ kind: 'starting', expected: localStorage.getItem(HINT) !== null });

/** What a person does first, some of it before they click. */
const DEEDS = ['pointerover', 'pointerdown', 'keydown', 'focusin'] as const;

/** Where nobody was signed in, Firebase waits for somebody who does something: until then there is nothing to do for it. */
export async function startSession(): Promise<void> {
  if (session.value.kind === 'starting' && !session.value.expected) await firstDeed();
  try {
    const { watchUser } = await import('./firebase/auth.ts');
    await watchUser((user) => {
      if (user === null) localStorage.removeItem(HINT);
      else localStorage.setItem(HINT, '1');
      session.value =
        user === null
          ? { kind: 'signedOut' }
          : { kind: 'signedIn', user: { uid: user.uid, name: user.displayName ?? user.email ?? 'Signed in' } };
    });
  } catch (error) {
    session.value = { kind: 'unavailable', message: error instanceof Error ? error.message : String(error) };
  }
}

function firstDeed(): Promise<void> {
  return new Promise((resolve) => {
    const happened = (): void => {
      resolve();
    };
    for (const deed of DEEDS) addEventListener(deed, happened, { once: true });
  });
}
