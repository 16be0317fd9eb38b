/** The app's Firebase project, by React Native Firebase (`@react-native-firebase/auth` and `/firestore`, their modular API). */
import { DEVICE_ID, devicesPath } from 'offline-audio-sync-contract';
import type { Backend } from './backend.ts';
import type { Unsubscribe } from './emitter.ts';
import { SyncError } from './errors.ts';
import type { ReadQuery } from './reading.ts';
import { sdkBackend } from './sdk.ts';
import type { Device, SdkBackendOptions } from './sdk.ts';

export interface NativeUser {
  readonly uid: string;
}

export interface NativeAuth {
  readonly currentUser: NativeUser | null;
}

/** The part of `@react-native-firebase/auth` that is used. */
export interface NativeAuthModule {
  getAuth(): NativeAuth;
  onAuthStateChanged(auth: NativeAuth, listener: () => void): Unsubscribe;
  getIdToken(user: NativeUser, forceRefresh?: boolean): Promise<string>;
}

export interface NativeDocument {
  readonly id: string;
  data(): Readonly<Record<string, unknown>> | undefined;
}

export interface NativeSnapshot {
  readonly docs: readonly NativeDocument[];
}

/** A listener of snapshots of a query or a document. */
export interface NativeObserver {
  next?: (snapshot: never) => void;
  error?: (error: Error) => void;
}

/** The part of `@react-native-firebase/firestore` that is used. Its values are opaque here. */
export interface NativeFirestoreModule {
  getFirestore(): object;
  collection(parent: object, path: string): object;
  collectionGroup(firestore: object, collectionId: string): object;
  doc(parent: object, path: string): object;
  query(query: object, ...constraints: object[]): object;
  where(field: string, operator: ReadQuery['where'][number][1], value: unknown): object;
  orderBy(field: string, direction?: 'asc' | 'desc'): object;
  limit(count: number): object;
  getDocs(query: object): Promise<NativeSnapshot>;
  onSnapshot(target: object, observer: NativeObserver): Unsubscribe;
  setDoc(reference: object, data: Record<string, unknown>): Promise<void>;
  deleteDoc(reference: object): Promise<void>;
  serverTimestamp(): object;
}

export interface NativeFirebaseBackendOptions extends SdkBackendOptions {
  /** `getApp().options.projectId` of `@react-native-firebase/app`. */
  readonly projectId: string;
  /** `import * as auth from '@react-native-firebase/auth'` */
  readonly auth: NativeAuthModule;
  /** `import * as firestore from '@react-native-firebase/firestore'` */
  readonly firestore: NativeFirestoreModule;
}

/** Like `firebaseBackend` of `/firebase`, with the same behaviour and errors. @throws SyncError `signed_out` */
export function nativeFirebaseBackend(options: NativeFirebaseBackendOptions): Backend {
  const { projectId, auth: authModule, firestore } = options;
  const auth = authModule.getAuth();
  const queryOf = (read: ReadQuery): object => nativeQuery(firestore, read);
  return sdkBackend(
    {
      projectId,
      currentUid: () => auth.currentUser?.uid,
      idToken: async (refresh) => {
        if (auth.currentUser === null) throw new SyncError('signed_out');
        return authModule.getIdToken(auth.currentUser, refresh);
      },
      onUserChange: (listener) => authModule.onAuthStateChanged(auth, listener),
      idsOf: async (read) => (await firestore.getDocs(queryOf(read))).docs.map(({ id }) => id),
      watchIdsOf: (read, next, failed) =>
        firestore.onSnapshot(queryOf(read), {
          next: ({ docs }: NativeSnapshot) => {
            next(docs.map(({ id }) => id));
          },
          error: failed,
        }),
      watchDocument: (path, next, failed) =>
        firestore.onSnapshot(firestore.doc(firestore.getFirestore(), path), {
          next: (snapshot: NativeDocument) => {
            next(snapshot.data());
          },
          error: failed,
        }),
    },
    options,
  );
}

/** A query of `reading.ts` in React Native Firebase. */
export function nativeQuery(firestore: NativeFirestoreModule, read: ReadQuery): object {
  const { isGroup = false } = read;
  const db = firestore.getFirestore();
  return firestore.query(
    isGroup ? firestore.collectionGroup(db, read.collection) : firestore.collection(db, read.collection),
    ...read.where.map((condition) => firestore.where(...condition)),
    ...read.orderBy.map((order) => firestore.orderBy(...order)),
    firestore.limit(read.limit),
  );
}

/** Registers a device for pushes. Call it at every launch, and whenever FCM gives a new token. @throws SyncError `bad_device_id` */
export async function registerNativeDevice(
  firestore: NativeFirestoreModule,
  { uid, deviceId, token, platform }: Device,
): Promise<void> {
  if (!DEVICE_ID.test(deviceId)) throw new SyncError('bad_device_id');
  const device = { fcmToken: token, platform, updatedAt: firestore.serverTimestamp() };
  await firestore.setDoc(firestore.doc(firestore.getFirestore(), `${devicesPath(uid)}/${deviceId}`), device);
}

/** Ends pushes for this user. Call it before signing out. It also cancels unfinished uploads of this device. */
export async function unregisterNativeDevice(
  firestore: NativeFirestoreModule,
  { uid, deviceId }: Pick<Device, 'uid' | 'deviceId'>,
): Promise<void> {
  await firestore.deleteDoc(firestore.doc(firestore.getFirestore(), `${devicesPath(uid)}/${deviceId}`));
}
