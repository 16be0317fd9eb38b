/** The running Emulator Suite: its addresses, as `npm run emulators:exec` sets them, and access as its operator. */
import { randomUUID } from 'node:crypto';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { getApps, initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import { getStorage } from 'firebase-admin/storage';
import { askAuth, signUp as signUpOn } from '../../../dev/demo/api.ts';
import type { User } from '../../../dev/demo/api.ts';
import { stagingBucket } from '../../src/storage/bucket.ts';
import { until } from './until.ts';

export function requiredVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this with "npm run emulators:exec -- '…'".`);
  return value;
}

export const project = requiredVariable('GCLOUD_PROJECT');

/** A function's own address. */
export function functionUrl(name: string): string {
  return `${requiredVariable('FUNCTIONS_EMULATOR_ORIGIN')}/${project}/${DEFAULT_REGION}/${name}`;
}

/** The origin that apps call: Hosting, which rewrites requests to the functions. */
export const HOSTING_ORIGIN = requiredVariable('HOSTING_ORIGIN');

// Project and bucket come from FIREBASE_CONFIG, the emulators from their *_EMULATOR_HOST.
const app = getApps()[0] ?? initializeApp();
export const auth = getAuth(app);
export const db = getFirestore(app);
export const bucket = stagingBucket(getStorage(app));

const AUTH_HOST = requiredVariable('FIREBASE_AUTH_EMULATOR_HOST');

export type TestUser = User;

/** A new user, so that no test sees the data of another. */
export const signUp = (): Promise<User> => signUpOn(AUTH_HOST, `${randomUUID()}@example.com`);

/** Names of everything that is staged for a user. */
export async function stagedObjects(uid: string): Promise<string[]> {
  const [files] = await bucket.getFiles({ prefix: `uploads/${uid}/` });
  return files.map(({ name }) => name);
}

/** Ids of all jobs of a user. */
export async function jobIds(uid: string): Promise<string[]> {
  const { docs } = await db.collection('offline_sync_jobs').where('uid', '==', uid).get();
  return docs.map(({ id }) => id);
}

/** Waits until an ended job is wrapped up, including the deletion of its audio. Apps see its end before that. */
export async function untilWrappedUp(jobId: string): Promise<void> {
  const isWrappedUp = async () =>
    (await db.doc(`offline_sync_jobs/${jobId}`).get()).get('notifiedAt') instanceof Timestamp;
  await until(isWrappedUp);
}

/** The ID token of a user id that cannot be part of a path, which custom tokens allow. */
export async function oddUserToken(): Promise<string> {
  const token = await auth.createCustomToken('a/b');
  const answer = await askAuth(AUTH_HOST, 'signInWithCustomToken', { token, returnSecureToken: true });
  return (answer as { idToken: string }).idToken;
}
