/** Signs in and out. It is loaded separately, after the sign-in page is rendered. */
import {
  browserLocalPersistence,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  deleteUser,
  initializeAuth,
  onAuthStateChanged,
  sendEmailVerification,
  sendPasswordResetEmail,
  signInWithEmailAndPassword,
  signInWithPopup,
  signOut,
  GoogleAuthProvider,
  browserPopupRedirectResolver,
  type Auth,
  type User,
} from 'firebase/auth';
import { FirebaseError } from 'firebase/app';
import { localSuite } from '../env.ts';
import { once } from '../once.ts';
import { firebaseApp } from './app.ts';

/**
 * The session is kept in `localStorage`. In IndexedDB, the SDK looks for changes every 0.8 s in every open tab
 * (https://github.com/firebase/firebase-js-sdk/issues/4724), and in Safari it takes a transaction that a reload cut off for a sign-out
 * (https://github.com/firebase/firebase-js-sdk/pull/10123).
 */
export const userAuth = once(async (): Promise<Auth> => {
  // The resolver for popups needs a frame of Google's, so it is loaded only when a popup is opened.
  const instance = initializeAuth(await firebaseApp(), { persistence: browserLocalPersistence });
  if (localSuite !== null) connectAuthEmulator(instance, localSuite.auth, { disableWarnings: true });
  return instance;
});

/** Calls back with the user who is signed in, now and whenever that changes. It works offline. */
export async function watchUser(callback: (user: User | null) => void): Promise<void> {
  onAuthStateChanged(await userAuth(), callback);
}

export async function signIn(email: string, password: string): Promise<void> {
  await signInWithEmailAndPassword(await userAuth(), email, password);
}

export async function signUp(email: string, password: string): Promise<void> {
  await createUserWithEmailAndPassword(await userAuth(), email, password);
}

export async function signInWithGoogle(): Promise<void> {
  await signInWithPopup(await userAuth(), new GoogleAuthProvider(), browserPopupRedirectResolver);
}

export async function resetPassword(email: string): Promise<void> {
  await sendPasswordResetEmail(await userAuth(), email);
}

export async function leave(): Promise<void> {
  localStorage.setItem(LEFT_AT, String(Date.now()));
  await signOut(await userAuth());
}

/** Deletes the account. The service then deletes the user's data. */
export async function deleteAccount(): Promise<void> {
  const { currentUser } = await userAuth();
  if (currentUser === null) return;
  try {
    await deleteUser(currentUser);
  } catch (error) {
    if (error instanceof FirebaseError && error.code === 'auth/requires-recent-login')
      throw new Error('To delete your account, sign out and in again first: this confirms that it is you.', {
        cause: error,
      });
    throw error;
  }
  localStorage.setItem(LEFT_AT, String(Date.now()));
}

/** When the user signed out by hand, in any tab. */
const LEFT_AT = 'signed-out-at';
/** All tabs learn of it within this time, milliseconds. */
const LEFT_RECENTLY_MS = 60_000;

/** Whether the user has just signed out by hand. Otherwise Firebase did it, because the account was deleted or disabled. */
export function leftByHand(): boolean {
  return Math.abs(Date.now() - Number(localStorage.getItem(LEFT_AT))) < LEFT_RECENTLY_MS;
}

/** Whether the user has an e-mail address that is not confirmed yet. */
export async function canConfirmEmail(): Promise<boolean> {
  const auth = await userAuth();
  // Before this, `currentUser` may be null although a user is signed in.
  await auth.authStateReady();
  const { email = null, emailVerified = true } = auth.currentUser ?? {};
  return email !== null && !emailVerified;
}

export async function confirmEmail(): Promise<void> {
  const { currentUser } = await userAuth();
  if (currentUser !== null) await sendEmailVerification(currentUser);
}

const DEMO = { email: 'demo@example.com', password: 'only-in-the-emulator' };

/** Works in the Auth emulator only. */
export async function signInAsDemoUser(): Promise<void> {
  try {
    await signUp(DEMO.email, DEMO.password);
  } catch (error) {
    if (!(error instanceof FirebaseError) || error.code !== 'auth/email-already-in-use') throw error;
    await signIn(DEMO.email, DEMO.password);
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  'auth/invalid-credential': 'E-mail and password do not match.',
  'auth/user-not-found': 'E-mail and password do not match.',
  'auth/wrong-password': 'E-mail and password do not match.',
  'auth/invalid-email': 'This is not an e-mail address.',
  'auth/missing-email': 'Enter your e-mail address first.',
  'auth/email-already-in-use': 'There is an account with this e-mail already: sign in instead.',
  'auth/weak-password': 'The password is too short: use at least six characters.',
  'auth/too-many-requests': 'Too many attempts. Wait a few minutes, then try again.',
  'auth/network-request-failed': 'There is no connection. Signing in needs one; recording does not.',
  'auth/popup-blocked': 'The browser blocked Google’s window: allow pop-ups for this site.',
  'auth/admin-restricted-operation': 'New accounts cannot be made here: ask the operator of this service for one.',
  'auth/user-disabled': 'This account was disabled: ask the operator of this service.',
  'auth/operation-not-allowed': 'This way of signing in is not enabled in the Firebase project.',
};

/** A sentence for the user; null if the user closed the window. */
export function authProblem(error: unknown): string | null {
  if (!(error instanceof FirebaseError)) return error instanceof Error ? error.message : String(error);
  if (['auth/popup-closed-by-user', 'auth/cancelled-popup-request'].includes(error.code)) return null;
  return SENTENCES[error.code] ?? error.message;
}
