/** What an app gives the client, and what it hears from it. */
import type { Backend, JobSignal } from './backend.ts';
import type { BatchLimits } from './batches.ts';
import type { Completion } from './completions.ts';
import type { Md5 } from './digest.ts';
import type { Network } from './network.ts';
import type { Recording } from './recording.ts';
import type { RecordingStore } from './store.ts';
import type { Clock } from './time.ts';
import type { UploaderStatus } from './uploader.ts';

export interface SyncClientOptions {
  /** Of this user alone. */
  readonly store: RecordingStore;
  readonly backend: Backend;
  /**
   * Gets each ended job once. It counts as handed over when this has resolved: if it throws, or the process ends before, the job
   * comes again. It also comes again if this takes more than five minutes. Read the conversations, then return.
   */
  readonly onCompletion?: (completion: Completion) => Promise<void> | void;
  /** What goes as one request is sent again whole if it breaks off. Default: 8 MiB a request; what the server takes otherwise. */
  readonly limits?: Partial<BatchLimits>;
  /** Recordings that go to Storage at once. Default: 3. */
  readonly concurrency?: number;
  /** How long to wait for more recordings before a batch is made, milliseconds, and ten times as long at most. Default: 1000. */
  readonly gatherMs?: number;
  /** How often to ask for jobs that are not watched live, milliseconds. Default: 20 s; 5 minutes for those that are. */
  readonly pollMs?: number;
  /** How long synced recordings stay listed, without their audio, milliseconds. Default: 7 days. */
  readonly keepSyncedMs?: number;
  /**
   * Digest of what goes to Storage, so that what the server has already is not sent: `createMd5` of `/md5`, `nodeMd5` of `/node`, or
   * a native one. Default: none; duplicates are found when they have arrived.
   */
  readonly createMd5?: () => Md5;
  /** Default: the browser's `online` and `offline` events; always online where there are none. */
  readonly network?: Network;
  /** Where to upload: on `all` networks, or only on `unmetered` ones. Default: all. `syncNow` uploads in spite of it. */
  readonly uploadOn?: 'all' | 'unmetered';
  /** Aborting it disposes of the client. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly newId?: () => string;
}

/** `standby`: another tab works on this store; this one takes over when it is gone, or stands still for a minute. */
export type SyncStatus =
  | UploaderStatus
  | {
      readonly state: 'stopped' | 'standby' | 'paused' | 'disposed';
      readonly reason: null;
      readonly message?: never;
      readonly until: null;
    };

export interface SyncEvents {
  /** It is there, or in another state. */
  readonly recording: Recording;
  /** It is not listed any more: it was discarded, in this tab or another one, or was synced long ago. */
  readonly removed: { readonly localId: string };
  readonly progress: { readonly localId: string; readonly sentBytes: number; readonly size: number };
  /** A job that holds recordings of this device. */
  readonly job: JobSignal & { readonly jobId: string };
  /** After `onCompletion`. */
  readonly completion: Completion;
  readonly status: SyncStatus;
  /** A bug, a store that fails, a handler that threw: nothing that waiting for a network would mend. */
  readonly error: unknown;
}
