/** Recordings on this device and their way to the server: the client library, for the screens. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { SyncStatus } from 'offline-audio-sync-client';
import { coalesce } from '../coalesce.ts';
import { keptRecordings, type LocalRecording } from '../data/keptRecordings.ts';
import { addEach, type Refusal } from './addEach.ts';
import { keeper } from './storageKeeper.ts';

export interface NewRecording {
  readonly name: string;
  readonly audio: Blob;
  /** The device id for names without one. Default: this browser's. */
  readonly deviceId?: string;
}

export interface Outbox {
  /** All recordings that this device knows of, the newest first. Until they are read, the newest of the last visit. */
  readonly recordings: ReadonlySignal<readonly LocalRecording[]>;
  /** Whether the recordings are read. */
  readonly isRead: ReadonlySignal<boolean>;
  readonly status: ReadonlySignal<SyncStatus>;
  /** Resolves when the recordings are read. */
  readonly ready: Promise<void>;
  /** When it resolves, the recordings are stored and survive a crash. @returns those that were refused */
  add(recordings: readonly NewRecording[]): Promise<readonly Refusal[]>;
  retry(id: string): Promise<void>;
  discard(id: string): Promise<void>;
  /** Ends a wait, and sends now. */
  syncNow(): Promise<void>;
  close(): Promise<void>;
}

/** Changes within this time are shown together, milliseconds: ten thousand recordings may change within seconds. */
const SHOW_EVERY_MS = 200;
/** Number of recordings that are stored for the next visit: more than a window shows. */
const KEPT = 50;
const KEEP_EVERY_MS = 1000;

/** @param deviceId the id of this browser @param onError is called with failures of work that no caller awaits */
export function openOutbox(uid: string, deviceId: string, onError: (error: unknown) => void): Outbox {
  const recordings = signal<readonly LocalRecording[]>(keptRecordings.get(uid) ?? []);
  const isRead = signal(false);
  const status = signal<SyncStatus>({ state: 'stopped', reason: null, until: null });
  const library = import('./syncClient.ts');
  const client = library.then(({ openSyncClient }) => openSyncClient(uid));

  /** In the order in which they were added. */
  const known = new Map<string, LocalRecording>();
  let isClosed = false;
  const keep = coalesce(() => {
    if (isRead.value && !isClosed)
      keptRecordings.keep(uid, recordings.value.length > 0 ? recordings.value.slice(0, KEPT) : null);
  }, KEEP_EVERY_MS);
  const showNow = (): void => {
    recordings.value = [...known.values()].reverse();
    keep();
  };
  const show = coalesce(showNow, SHOW_EVERY_MS);
  const ready = client.then(async (opened) => {
    opened.on('recording', (recording) => {
      known.set(recording.id, { ...recording, sentBytes: known.get(recording.id)?.sentBytes ?? null });
      show();
    });
    opened.on('removed', ({ localId }) => {
      known.delete(localId);
      show();
    });
    opened.on('progress', ({ localId, sentBytes }) => {
      const recording = known.get(localId);
      if (recording === undefined) return;
      known.set(localId, { ...recording, sentBytes });
      show();
    });
    opened.on('status', (next) => {
      status.value = next;
    });
    opened.on('error', onError);
    await (await library).started(opened);
    isRead.value = true;
    showNow();
  });
  ready.catch(onError);

  return {
    recordings,
    isRead,
    status,
    ready,
    add: async (added) => {
      const opened = await client;
      void keeper.ask();
      return addEach(added, ({ name, audio, deviceId: device = deviceId }) =>
        opened.add({ name, data: audio, deviceId: device }),
      );
    },
    retry: async (id) => (await client).retry(id),
    discard: async (id) => (await client).discard(id),
    syncNow: async () => (await client).syncNow(),
    close: async () => {
      isClosed = true;
      const opened = await client.catch(() => null); // A client that failed to open need not be closed.
      await opened?.dispose();
    },
  };
}
