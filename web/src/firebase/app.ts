import { initializeApp, type FirebaseApp } from 'firebase/app';
import { appCheckSiteKey } from '../env.ts';
import { once } from '../once.ts';
import { firebaseConfig } from './config.ts';

/** The Firebase app of this page. */
export const firebaseApp = once(async (): Promise<FirebaseApp> => {
  const started = initializeApp(await firebaseConfig());
  // App Check has to start first, because Auth and Firestore ask it for a token with their first requests.
  if (appCheckSiteKey !== null) (await import('./appCheck.ts')).startAppCheck(started, appCheckSiteKey);
  return started;
});
