/** What the console uses of Firebase once a user is signed in, as one part that is loaded apart. */
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
