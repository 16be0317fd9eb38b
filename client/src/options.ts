/** The options of a client, and its events. */
import type { Backend, JobSignal } from './backend.ts';
import type { BatchLimits } from './batches.ts';
import type { Completion } from './completions.ts';
import type { Md5 } from './digest.ts';
import type { Network } from './network.ts';
import type { Recording } from './recording.ts';
import type { RecordingStore } from './store.ts';
import type { Clock } from './time.ts';
import type { UploaderStatus } from './uploaderStatus.ts';

export interface SyncClientOptions {
  /** A store for this user alone. */
  readonly store: RecordingStore;
  readonly backend: Backend;
  /**
   * Called with each ended job. The job counts as handed over when this has resolved. If it throws, takes more than five minutes, or
   * the process ends before, it is called again. Read the conversations, then return.
   */
  readonly onCompletion?: (completion: Completion) => Promise<void> | void;
  /** Limits of one upload. A request that breaks off is sent again whole. Default: 8 MiB for a request, otherwise the server's limits. */
  readonly limits?: Partial<BatchLimits>;
  /** Recordings that are uploaded to Storage at the same time. Default: 3. */
  readonly concurrency?: number;
  /** How long to wait for the next recording before a batch is made, milliseconds; ten times as long in all. Default: 1000. */
  readonly gatherMs?: number;
  /** How often to read jobs, milliseconds. Default: 20 s, or 5 minutes if the backend watches jobs live. */
  readonly pollMs?: number;
  /** How long synced recordings stay listed, without their audio, milliseconds. Default: 7 days. */
  readonly keepSyncedMs?: number;
  /**
   * Computes MD5, so that recordings that the server has already are not uploaded: `createMd5` of `/md5`, `nodeMd5` of `/node`, or a
   * native one. Default: none; duplicates are found after they have arrived.
   */
  readonly createMd5?: () => Md5;
  /** Default: the browser's `online` and `offline` events; always online where there are none. */
  readonly network?: Network;
  /** Uploads on `all` networks, or only on `unmetered` ones. Default: all. `syncNow` uploads on any network. */
  readonly uploadOn?: 'all' | 'unmetered';
  /** Aborting it disposes of the client. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly newId?: () => string;
}

/** `standby`: another tab works on this store. This one takes over when the other is closed, or stands still for a minute. */
export type SyncStatus =
  | UploaderStatus
  | {
      readonly state: 'stopped' | 'standby' | 'paused' | 'disposed';
      readonly reason: null;
      readonly message?: never;
      readonly until: null;
    };

export interface SyncEvents {
  /** A recording was added, or has changed. */
  readonly recording: Recording;
  /** A recording is no longer listed: it was discarded, in this tab or another one, or was synced long ago. */
  readonly removed: { readonly localId: string };
  readonly progress: { readonly localId: string; readonly sentBytes: number; readonly size: number };
  /** A job that has recordings of this device has changed. */
  readonly job: JobSignal & { readonly jobId: string };
  /** `onCompletion` has returned. */
  readonly completion: Completion;
  readonly status: SyncStatus;
  /** A bug, a failed store, or an error of a handler. Failures of the network are not among them. */
  readonly error: unknown;
}
