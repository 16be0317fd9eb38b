/** Firestore without its cache, for data that is stored elsewhere on this device. */
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import type { Firestore } from 'firebase/firestore/lite';
import { hostAndPort, localSuite } from '../env.ts';
import { once } from '../once.ts';
import { userAuth } from './auth.ts';

export const connectUncached = once(async (): Promise<Firestore> => {
  const auth = await userAuth();
  // The security rules would refuse requests that are sent before the user is known.
  await auth.authStateReady();
  const firestore = getFirestore(auth.app);
  if (localSuite !== null) connectFirestoreEmulator(firestore, ...hostAndPort(localSuite.firestore));
  return firestore;
});
