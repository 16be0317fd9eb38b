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
import { devicesPath, JOBS, DEFAULT_REGION } from 'offline-audio-sync-contract';
import type { JobDoc, Platform } from 'offline-audio-sync-contract';
import type { Backend, JobSignal } from './backend.ts';
import { SyncError } from './errors.ts';
import { unacknowledgedJobs } from './reading.ts';
import type { ReadQuery } from './reading.ts';

export interface FirebaseBackendOptions {
  readonly app: FirebaseApp;
  /** Default: the app's. In React Native, the one that keeps its user (`initializeAuth`). */
  readonly auth?: Auth;
  readonly firestore?: Firestore;
  /** Where App Check is enforced: `async () => (await getToken(appCheck)).token`. */
  readonly appCheckToken?: () => Promise<string>;
  /** Of the functions. Default: {@link DEFAULT_REGION}. */
  readonly region?: string;
  /** Where the functions answer; default: `https://{region}-{project}.cloudfunctions.net`. */
  readonly functionsUrl?: string;
  /** Default: `https://firebasestorage.googleapis.com`. */
  readonly storageUrl?: string;
}

/**
 * For the user who is signed in now, and no other: signed out, or with somebody else signed in, the client waits.
 * Its `idToken` throws SyncError `account_gone` where the account was deleted or disabled.
 * @throws SyncError `signed_out`
 */
export function firebaseBackend(options: FirebaseBackendOptions): Backend {
  const { app, appCheckToken, region = DEFAULT_REGION } = options;
  const auth = options.auth ?? getAuth(app);
  const firestore = options.firestore ?? getFirestore(app);
  const uid = auth.currentUser?.uid;
  if (uid === undefined) throw new SyncError('signed_out');
  const user = () => (auth.currentUser?.uid === uid ? auth.currentUser : null);
  const ended = toQuery(firestore, unacknowledgedJobs(uid));

  return {
    functionsUrl: options.functionsUrl ?? `https://${region}-${app.options.projectId ?? ''}.cloudfunctions.net`,
    storageUrl: options.storageUrl ?? 'https://firebasestorage.googleapis.com',
    idToken: async (refresh) => {
      try {
        return (await user()?.getIdToken(refresh)) ?? null;
      } catch (error) {
        if (isGone(error)) throw new SyncError('account_gone');
        throw error;
      }
    },
    ...(appCheckToken === undefined ? {} : { appCheckToken }),
    onSignIn: (listener) =>
      onAuthStateChanged(auth, () => {
        if (user() !== null) listener();
      }),

    endedJobs: async () => (await getDocs(ended)).docs.map(({ id }) => id),
    watchEndedJobs: (listener, onError) =>
      onSnapshot(
        ended,
        ({ docs }) => {
          listener(docs.map(({ id }) => id));
        },
        onError,
      ),
    watchJob: (jobId, listener, onError) =>
      onSnapshot(
        doc(firestore, JOBS, jobId),
        (snapshot) => {
          const job = snapshot.data();
          if (job !== undefined) listener(toSignal(job));
        },
        onError,
      ),
  };
}

/** Codes of Firebase Auth for an account that was deleted or disabled. */
const GONE = new Set(['auth/user-token-expired', 'auth/user-disabled', 'auth/user-not-found']);

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.has(String(error.code));
}

function toSignal(job: Readonly<Record<string, unknown>>): JobSignal {
  const { status, progress, waitingFor } = job as unknown as JobDoc;
  return { status, percent: progress.percent, isTroubled: waitingFor?.reason === 'upload_mismatch' };
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

export interface Device {
  readonly uid: string;
  /** The same for as long as the app is installed: up to 128 characters. */
  readonly deviceId: string;
  /** Of FCM. */
  readonly token: string;
  readonly platform: Platform;
}

/** Where pushes go to. Call it at every launch, and whenever FCM gives a new token: old registrations are forgotten. */
export async function registerDevice(firestore: Firestore, { uid, deviceId, token, platform }: Device): Promise<void> {
  const device = { fcmToken: token, platform, updatedAt: serverTimestamp() };
  await setDoc(doc(firestore, devicesPath(uid), deviceId), device);
}

/** Before signing out: no pushes for this user any more. Uploads of this device that are not complete end with it. */
export async function unregisterDevice(
  firestore: Firestore,
  { uid, deviceId }: Pick<Device, 'uid' | 'deviceId'>,
): Promise<void> {
  await deleteDoc(doc(firestore, devicesPath(uid), deviceId));
}
