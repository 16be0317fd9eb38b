import { initializeApp, type FirebaseApp } from 'firebase/app';
import { appCheckSiteKey, firebaseConfig } from '../env.ts';

let app: Promise<FirebaseApp> | null = null;

/** The one app of this page. */
export function firebaseApp(): Promise<FirebaseApp> {
  app ??= start();
  return app;
}

async function start(): Promise<FirebaseApp> {
  const started = initializeApp(await firebaseConfig());
  // Before Auth and Firestore, which ask it for a token with their first requests.
  if (appCheckSiteKey !== null) (await import('./appCheck.ts')).startAppCheck(started, appCheckSiteKey);
  return started;
}
