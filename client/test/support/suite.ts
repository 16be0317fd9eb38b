/** The running Emulator Suite, as the Firebase SDK of an app sees it. */
import { randomUUID } from 'node:crypto';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInWithEmailAndPassword } from 'firebase/auth';
import { connectFirestoreEmulator, initializeFirestore, setLogLevel, terminate } from 'firebase/firestore';
import type { Firestore } from 'firebase/firestore';
import { askAuth } from '../../../dev/demo/api.ts';
import type { Backend } from '../../src/backend.ts';
import { firebaseBackend } from '../../src/firebase.ts';

export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this with "npm run emulators:exec -- '…'".`);
  return value;
}

/** Addresses of the suite, or of a proxy in front of it. */
export interface Origins {
  readonly functionsUrl: string;
  readonly storageUrl: string;
  /** host:port */
  readonly firestore: string;
}

export function suiteOrigins(): Origins {
  return {
    functionsUrl: `${required('FUNCTIONS_EMULATOR_ORIGIN')}/${required('GCLOUD_PROJECT')}/${DEFAULT_REGION}`,
    storageUrl: `http://${required('FIREBASE_STORAGE_EMULATOR_HOST')}`,
    firestore: required('FIRESTORE_EMULATOR_HOST'),
  };
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

export interface SignedIn {
  readonly uid: string;
  readonly firestore: Firestore;
  readonly backend: Backend;
  idToken(): Promise<string>;
  close(): Promise<void>;
}

/** Creates a user. */
export async function createAccount(): Promise<Account & { readonly uid: string }> {
  const account = { email: `${randomUUID()}@example.com`, password: 'correct horse' };
  const answer = await askAuth(required('FIREBASE_AUTH_EMULATOR_HOST'), 'signUp', account);
  const { localId } = answer as { localId: string };
  return { ...account, uid: localId };
}

/** Signs a user in as an app does. */
export async function signIn({ email, password }: Account, origins = suiteOrigins()): Promise<SignedIn> {
  const projectId = required('GCLOUD_PROJECT');
  const app = initializeApp({ projectId, apiKey: 'any', storageBucket: `${projectId}.appspot.com` }, randomUUID());
  const auth = getAuth(app);
  connectAuthEmulator(auth, `http://${required('FIREBASE_AUTH_EMULATOR_HOST')}`, { disableWarnings: true });
  const { user } = await signInWithEmailAndPassword(auth, email, password);

  setLogLevel('silent');
  const firestore = initializeFirestore(app, {});
  const { functionsUrl, storageUrl } = origins;
  const [host = '', port = ''] = origins.firestore.split(':');
  connectFirestoreEmulator(firestore, host, Number(port));
  return {
    uid: user.uid,
    firestore,
    backend: firebaseBackend({ app, auth, firestore, functionsUrl, storageUrl }),
    idToken: () => user.getIdToken(),
    close: async () => {
      await terminate(firestore);
      await deleteApp(app);
    },
  };
}
