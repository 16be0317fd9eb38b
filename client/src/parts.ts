/** Creates the parts of a client. */
import { Api } from './api.ts';
import { SERVER_LIMITS } from './batches.ts';
import { boundedStore } from './boundedStore.ts';
import { Completions } from './completions.ts';
import { CoolDown } from './coolDown.ts';
import type { Emitter } from './emitter.ts';
import { Follower } from './follower.ts';
import { grantWishes } from './grant.ts';
import { Http } from './http.ts';
import { Library } from './library.ts';
import type { Network } from './network.ts';
import type { SyncClientOptions, SyncEvents } from './options.ts';
import { loadParts } from './opening.ts';
import { Outcomes } from './outcomes.ts';
import { overflowStore } from './overflow.ts';
import { Ownership } from './ownership.ts';
import { toRecording } from './recording.ts';
import { Sender } from './sender.ts';
import type { RecordingStore } from './store.ts';
import { within } from './time.ts';
import type { Clock } from './time.ts';
import { Uploader } from './uploader.ts';
import type { UploaderStatus } from './uploaderStatus.ts';

const DEFAULT_REQUEST_BYTES = 8 * 1024 * 1024;
/** The time limit of the app's handler, milliseconds. If it takes longer, it is called again with the same job later. */
const HANDLER_LIMIT_MS = 5 * 60_000;

export interface Surroundings {
  readonly clock: Clock;
  readonly network: Network;
  readonly newId: () => string;
  readonly events: Emitter<SyncEvents>;
  /** Ends with the client. */
  readonly life: AbortSignal;
  readonly onStatus: (status: UploaderStatus) => void;
  /** Ends all waits after failures. */
  readonly tryNow: () => void;
}

interface SyncParts {
  readonly api: Api;
  readonly library: Library;
  readonly coolDown: CoolDown;
  readonly completions: Completions;
  readonly uploader: Uploader;
  readonly follower: Follower;
}

export interface Parts extends SyncParts {
  /** The app's store. Only what is done under the ownership may change recordings in it. */
  readonly store: RecordingStore;
  readonly ownership: Ownership;
}

export function makeParts(options: SyncClientOptions, around: Surroundings): Parts {
  const onError = (error: unknown): void => {
    around.events.emit('error', error);
  };
  const { appStore, ownership, store } = makeStores(options, around, () => parts, onError);
  const parts: Parts = { store: appStore, ownership, ...makeSyncParts(options, around, store, onError) };
  return parts;
}

/** The parts that keep, upload and follow recordings. @param store the one for the work */
function makeSyncParts(
  options: SyncClientOptions,
  { clock, network, newId, events, onStatus }: Surroundings,
  store: RecordingStore,
  onError: (error: unknown) => void,
): SyncParts {
  const { backend, random = Math.random, onCompletion } = options;
  const http = new Http({ backend, fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)), clock });
  const api = new Api(http, backend);
  const coolDown = new CoolDown({ store, clock, random });
  const library = new Library({
    store,
    now: () => clock.now(),
    onChange: (recording) => {
      events.emit('recording', toRecording(recording));
      if (recording.state === 'waiting' || recording.state === 'uploading') uploader.wake();
      if (recording.state === 'uploaded') follower.wake();
    },
    onRemove: (id) => {
      events.emit('removed', { localId: id });
    },
  });
  const outcomes = new Outcomes({ api, library, clock });
  const completions = new Completions({
    api,
    store,
    clock,
    apply: (jobId, job) => outcomes.apply(jobId, job),
    handOver: async (completion) => {
      const handled = Promise.resolve(onCompletion?.(completion));
      await within(handled, HANDLER_LIMIT_MS, clock, new AbortController().signal);
      events.emit('completion', completion);
    },
  });
  const shared = {
    library,
    coolDown,
    clock,
    random,
    isOnline: () => network.isOnline(),
    onError,
  };
  const follower = new Follower({
    ...shared,
    backend,
    completions,
    pollMs: options.pollMs ?? (backend.watchJob === undefined ? 20_000 : 5 * 60_000),
    onJob: (jobId, job) => {
      events.emit('job', { jobId, ...job });
    },
  });
  const sender = new Sender({
    ...shared,
    http,
    storageUrl: backend.storageUrl,
    api,
    store,
    createMd5: options.createMd5 ?? null,
    concurrency: options.concurrency ?? 3,
    onProgress: (localId, sentBytes) => {
      const size = library.get(localId)?.size ?? sentBytes;
      events.emit('progress', { localId, sentBytes, size });
    },
    onTooLarge: (limits) => {
      uploader.restrict(limits);
    },
  });
  const uploader = new Uploader({
    ...shared,
    sender,
    newId,
    limits: { ...SERVER_LIMITS, maxRequestBytes: DEFAULT_REQUEST_BYTES, ...options.limits },
    gatherMs: options.gatherMs ?? 1000,
    isTooDear: () => options.uploadOn === 'unmetered' && network.isMetered?.() === true,
    onStatus,
  });
  return { api, library, coolDown, completions, uploader, follower };
}

/** The app's store, who may work on it, and the store for that work: it continues in memory while the app's is full. */
function makeStores(
  options: Pick<SyncClientOptions, 'store'>,
  { clock, newId, life, tryNow }: Surroundings,
  parts: () => Parts,
  onError: (error: unknown) => void,
) {
  const appStore = boundedStore(options.store, clock);
  const ownership = new Ownership({
    store: appStore,
    clock,
    newId,
    load: () => loadParts(parts()),
    loadNew: () => parts().library.loadNew(),
    grant: async (wishes) => {
      if (await grantWishes(wishes, parts(), life)) tryNow();
    },
    onError,
  });
  const store = overflowStore({
    store: ownership.store,
    isLost: () => ownership.isLost,
    onFull: onError,
    clock,
    signal: life,
  });
  return { appStore, ownership, store };
}
