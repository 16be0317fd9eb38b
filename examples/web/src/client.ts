/** The page and its service worker share one user and one store. Only one of them uploads at a time. */
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth } from 'firebase/auth';
import type { User } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore';
import { createSyncClient } from 'offline-audio-sync-client';
import type { SyncClient } from 'offline-audio-sync-client';
import { firebaseBackend } from 'offline-audio-sync-client/firebase';
import { indexedDbStore } from 'offline-audio-sync-client/indexeddb';

/** The output of `firebase apps:sdkconfig web`; without it, the suite of `npm start` in this repository is used. */
const { VITE_FIREBASE_CONFIG: config } = import.meta.env;
const local = { projectId: 'demo-offline-audio-sync', apiKey: 'local' };
const app = initializeApp(config === undefined ? local : JSON.parse(config));
export const auth = getAuth(app);
if (config === undefined) {
  connectAuthEmulator(auth, 'http://127.0.0.1:9099', { disableWarnings: true });
  connectFirestoreEmulator(getFirestore(app), '127.0.0.1', 8080);
}

export function openClient({ uid }: User): SyncClient {
  return createSyncClient({
    store: indexedDbStore({ uid }),
    backend: firebaseBackend({
      app,
      ...(config === undefined && {
        functionsUrl: `http://127.0.0.1:5001/${local.projectId}/us-central1`,
        storageUrl: 'http://127.0.0.1:9199',
      }),
    }),
  });
}
