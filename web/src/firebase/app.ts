import { initializeApp, type FirebaseApp } from 'firebase/app';
import { firebaseConfig } from '../env.ts';

let app: Promise<FirebaseApp> | null = null;

/** The one app of this page. */
export function firebaseApp(): Promise<FirebaseApp> {
  app ??= firebaseConfig().then((config) => initializeApp(config));
  return app;
}
