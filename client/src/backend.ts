/** What this library needs of the app's Firebase project; `firebaseBackend` (`/firebase`) is the implementation. */
import type { JobStatus } from 'offline-audio-sync-contract';
import type { Unsubscribe } from './emitter.ts';

/** What a live job says of itself. */
export interface JobSignal {
  readonly status: JobStatus;
  /** 0 to 100. */
  readonly percent: number;
  /** Something is wrong with a recording that it waits for. */
  readonly isTroubled: boolean;
}

export interface Backend {
  /** Where the functions answer, without a slash at its end: `{functionsUrl}/syncUpload`. */
  readonly functionsUrl: string;
  /** What stands before the names of the functions where they are installed as a kit: `kit-offline-audio-sync-`. */
  readonly functionPrefix?: string;
  /** Where Storage answers, without a slash at its end: `https://firebasestorage.googleapis.com`. */
  readonly storageUrl: string;
  /** Null while this store's user is not signed in. @param refresh the one before was refused. */
  idToken(refresh: boolean): Promise<string | null>;
  /** Only where App Check is enforced. */
  appCheckToken?(): Promise<string>;
  /** Calls back when the user has signed in again. */
  onSignIn?(listener: () => void): Unsubscribe;

  /** Ids of the user's jobs that have ended and were not acknowledged, those that ended first in front. */
  endedJobs(): Promise<readonly string[]>;
  /** The same, live. Without it, {@link endedJobs} is asked at launch and now and then. */
  watchEndedJobs?(listener: (jobIds: readonly string[]) => void, onError: (error: unknown) => void): Unsubscribe;
  /** One job, live. Without it, jobs are asked for now and then. */
  watchJob?(jobId: string, listener: (job: JobSignal) => void, onError: (error: unknown) => void): Unsubscribe;
}
