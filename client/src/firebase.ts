/** The app's Firebase project, by Firebase's SDK. */
import type { FirebaseApp } from 'firebase/app';
import { getAuth, onAuthStateChanged } from 'firebase/auth';
import type { Auth } from 'firebase/auth';
import {
  collection,
  collectionGroup,
  deleteDoc,
  doc,
  getDocs,
  getFirestore,
  limit,
  onSnapshot,
  orderBy,
  query,
  serverTimestamp,
  setDoc,
  startAfter,
  where,
} from 'firebase/firestore';
import type { Firestore, Query, QueryDocumentSnapshot } from 'firebase/firestore';
import { DEVICE_ID, devicesPath } from 'offline-audio-sync-contract';
import type { Backend } from './backend.ts';
import { SyncError } from './errors.ts';
import type { ReadQuery } from './reading.ts';
import { sdkBackend } from './sdk.ts';
import type { Device, SdkBackendOptions } from './sdk.ts';

export type { Device, SdkBackendOptions } from './sdk.ts';

export interface FirebaseBackendOptions extends SdkBackendOptions {
  readonly app: FirebaseApp;
  /** Default: `getAuth(app)`. In React Native, the instance that keeps its user (`initializeAuth`). */
  readonly auth?: Auth;
  readonly firestore?: Firestore;
}

/**
 * Works for the user who is signed in now. While this user is signed out, or another user is signed in, the client waits. Its `idToken`
 * throws SyncError `account_gone` if the account was deleted or disabled.
 * @throws SyncError `signed_out`
 */
export function firebaseBackend(options: FirebaseBackendOptions): Backend {
  const { app } = options;
  const auth = options.auth ?? getAuth(app);
  const firestore = options.firestore ?? getFirestore(app);
  return sdkBackend(
    {
      projectId: app.options.projectId ?? '',
      currentUid: () => auth.currentUser?.uid,
      idToken: async (refresh) => {
        if (auth.currentUser === null) throw new SyncError('signed_out');
        return auth.currentUser.getIdToken(refresh);
      },
      onUserChange: (listener) => onAuthStateChanged(auth, listener),
      idsOf: async (read) => (await getDocs(toQuery(firestore, read))).docs.map(({ id }) => id),
      watchIdsOf: (read, next, failed) =>
        onSnapshot(
          toQuery(firestore, read),
          ({ docs }) => {
            next(docs.map(({ id }) => id));
          },
          failed,
        ),
      watchDocument: (path, next, failed) =>
        onSnapshot(
          doc(firestore, path),
          (snapshot) => {
            next(snapshot.data());
          },
          failed,
        ),
    },
    options,
  );
}

/** A query of `reading.ts` in Firebase's SDK. @param after last document of the page before. */
export function toQuery(firestore: Firestore, read: ReadQuery, after?: QueryDocumentSnapshot): Query {
  const { isGroup = false } = read;
  return query(
    isGroup ? collectionGroup(firestore, read.collection) : collection(firestore, read.collection),
    ...read.where.map((condition) => where(...condition)),
    ...read.orderBy.map((order) => orderBy(...order)),
    ...(after === undefined ? [] : [startAfter(after)]),
    limit(read.limit),
  );
}

/**
 * Registers a device for pushes. Call it at every launch, and whenever FCM gives a new token, because old registrations are forgotten.
 * @throws SyncError `bad_device_id`
 */
export async function registerDevice(firestore: Firestore, { uid, deviceId, token, platform }: Device): Promise<void> {
  if (!DEVICE_ID.test(deviceId)) throw new SyncError('bad_device_id');
  const device = { fcmToken: token, platform, updatedAt: serverTimestamp() };
  await setDoc(doc(firestore, devicesPath(uid), deviceId), device);
}

/** Ends pushes for this user. Call it before signing out. It also cancels unfinished uploads of this device. */
export async function unregisterDevice(
  firestore: Firestore,
  { uid, deviceId }: Pick<Device, 'uid' | 'deviceId'>,
): Promise<void> {
  await deleteDoc(doc(firestore, devicesPath(uid), deviceId));
}
