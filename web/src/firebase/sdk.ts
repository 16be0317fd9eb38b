/** The parts of Firebase that the console uses for a signed-in user, loaded together in one file. */
export {
  clearIndexedDbPersistence,
  connectFirestoreEmulator,
  count,
  doc,
  getAggregateFromServer,
  getCountFromServer,
  getDoc,
  getDocs,
  getDocsFromServer,
  initializeFirestore,
  onSnapshot,
  persistentLocalCache,
  persistentMultipleTabManager,
  setDoc,
  sum,
  terminate,
} from 'firebase/firestore';
export { connectFunctionsEmulator, getFunctions, httpsCallable } from 'firebase/functions';
export { firebaseBackend, toQuery } from 'offline-audio-sync-client/firebase';
export { userAuth } from './auth.ts';
