/** The app's Firebase project, by Firebase's own SDK (`/firebase`) or React Native Firebase (`/react-native`). */
import { DEFAULT_REGION, functionsOrigin, JOBS, STORAGE_ORIGIN } from 'offline-audio-sync-contract';
import type { JobDoc, Platform } from 'offline-audio-sync-contract';
import type { Backend, JobSignal } from './backend.ts';
import type { Unsubscribe } from './emitter.ts';
import { SyncError } from './errors.ts';
import { unacknowledgedJobs } from './reading.ts';
import type { ReadQuery } from './reading.ts';

/** The part of the two SDKs that a backend needs. */
export interface FirebaseSdk {
  readonly projectId: string;
  currentUid(): string | undefined;
  /** The ID token of the current user. */
  idToken(refresh: boolean): Promise<string>;
  onUserChange(listener: () => void): Unsubscribe;
  /** Ids of the documents that the query finds. */
  idsOf(read: ReadQuery): Promise<readonly string[]>;
  watchIdsOf(read: ReadQuery, next: (ids: readonly string[]) => void, failed: (error: unknown) => void): Unsubscribe;
  /** @param next gets undefined if there is no such document */
  watchDocument(
    path: string,
    next: (data: Readonly<Record<string, unknown>> | undefined) => void,
    failed: (error: unknown) => void,
  ): Unsubscribe;
}

export interface SdkBackendOptions {
  /** Needed if App Check is enforced: `async () => (await getToken(appCheck)).token`. */
  readonly appCheckToken?: () => Promise<string>;
  /** Region of the functions. Default: {@link DEFAULT_REGION}. */
  readonly region?: string;
  /** Address of the functions. Default: `https://{region}-{project}.cloudfunctions.net`. */
  readonly functionsUrl?: string;
  /** Prefix of the functions of a kit: `kit-` and the name of its instance, `kit-offline-audio-sync-`. Default: none. */
  readonly functionPrefix?: string;
  /** Default: `https://firebasestorage.googleapis.com`. */
  readonly storageUrl?: string;
}

/** An installation of the app that gets pushes. */
export interface Device {
  readonly uid: string;
  /** The same for as long as the app is installed, and the `deviceId` of its recordings: 1 to 64 ASCII letters and digits. */
  readonly deviceId: string;
  /** The token of FCM. */
  readonly token: string;
  readonly platform: Platform;
}

/** A backend for the user who is signed in now. @throws SyncError `signed_out` */
export function sdkBackend(sdk: FirebaseSdk, options: SdkBackendOptions): Backend {
  const { appCheckToken, region = DEFAULT_REGION } = options;
  const uid = sdk.currentUid();
  if (uid === undefined) throw new SyncError('signed_out');
  const isSignedIn = () => sdk.currentUid() === uid;
  const ended = unacknowledgedJobs(uid);

  return {
    ...(options.functionPrefix === undefined ? {} : { functionPrefix: options.functionPrefix }),
    functionsUrl: options.functionsUrl ?? functionsOrigin(region, sdk.projectId),
    storageUrl: options.storageUrl ?? STORAGE_ORIGIN,
    idToken: async (refresh) => {
      try {
        return isSignedIn() ? await sdk.idToken(refresh) : null;
      } catch (error) {
        if (isGone(error)) throw new SyncError('account_gone');
        throw error;
      }
    },
    ...(appCheckToken === undefined ? {} : { appCheckToken }),
    onSignIn: (listener) =>
      sdk.onUserChange(() => {
        if (isSignedIn()) listener();
      }),
    endedJobs: () => sdk.idsOf(ended),
    watchEndedJobs: (listener, onError) => sdk.watchIdsOf(ended, listener, onError),
    watchJob: (jobId, listener, onError) =>
      sdk.watchDocument(
        `${JOBS}/${jobId}`,
        (job) => {
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
