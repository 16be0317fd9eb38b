/** The app's Firebase project, as far as this library uses it; `firebaseBackend` (`/firebase`) implements it. */
import type { JobStatus } from 'offline-audio-sync-contract';
import type { Unsubscribe } from './emitter.ts';

/** The state of a job that is watched live. */
export interface JobSignal {
  readonly status: JobStatus;
  /** 0 to 100. */
  readonly percent: number;
  /** Whether something is wrong with a recording that it waits for. */
  readonly isTroubled: boolean;
}

export interface Backend {
  /** The address of the functions, without a slash at its end: `{functionsUrl}/syncUpload`. */
  readonly functionsUrl: string;
  /** The prefix of the functions' names, if they are installed as a kit: `kit-offline-audio-sync-`. */
  readonly functionPrefix?: string;
  /** The address of Storage, without a slash at its end: `https://firebasestorage.googleapis.com`. */
  readonly storageUrl: string;
  /** Null while this store's user is not signed in. @param refresh true if the last token was refused. */
  idToken(refresh: boolean): Promise<string | null>;
  /** Needed only if App Check is enforced. */
  appCheckToken?(): Promise<string>;
  /** Calls back when the user has signed in again. */
  onSignIn?(listener: () => void): Unsubscribe;

  /** Ids of the user's jobs that have ended and are not acknowledged, in the order in which they ended. */
  endedJobs(): Promise<readonly string[]>;
  /** The same, live. Without it, {@link endedJobs} is called at launch and from time to time. */
  watchEndedJobs?(listener: (jobIds: readonly string[]) => void, onError: (error: unknown) => void): Unsubscribe;
  /** One job, live. Without it, jobs are requested from time to time. */
  watchJob?(jobId: string, listener: (job: JobSignal) => void, onError: (error: unknown) => void): Unsubscribe;
}
