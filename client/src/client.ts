/** The library's face: one object for one user's recordings on one device. */
import { Api } from './api.ts';
import type { Backend } from './backend.ts';
import { SERVER_LIMITS } from './batches.ts';
import { Completions } from './completions.ts';
import { CoolDown } from './coolDown.ts';
import { Emitter } from './emitter.ts';
import type { Unsubscribe } from './emitter.ts';
import { RequestError, SyncError } from './errors.ts';
import { Follower } from './follower.ts';
import { Http } from './http.ts';
import { backToWaiting, Library } from './library.ts';
import type { RecordingChange } from './library.ts';
import { connectivity } from './network.ts';
import type { Network } from './network.ts';
import { newRecording } from './newRecording.ts';
import type { NewRecording } from './newRecording.ts';
import type { SyncClientOptions, SyncEvents, SyncStatus } from './options.ts';
import { Ownership } from './ownership.ts';
import { randomId } from './randomId.ts';
import type { Recording, RecordingDoc } from './recording.ts';
import { Sender } from './sender.ts';
import type { RecordingStore } from './store.ts';
import { linkedController, systemClock } from './time.ts';
import type { Clock } from './time.ts';
import { Uploader } from './uploader.ts';
import type { Wish } from './wishes.ts';

const DEFAULT_REQUEST_BYTES = 8 * 1024 * 1024;
const DAY_MS = 24 * 3600_000;

function still(state: 'stopped' | 'standby' | 'paused' | 'disposed'): SyncStatus {
  return { state, reason: null, until: null };
}

export function createSyncClient(options: SyncClientOptions): SyncClient {
  return new SyncClient(options);
}

export class SyncClient {
  readonly #store: RecordingStore;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #keepSyncedMs: number;
  readonly #report = (error: unknown): void => {
    this.#events.emit('error', error);
  };
  readonly #events = new Emitter<SyncEvents>(this.#report);
  readonly #api: Api;
  readonly #library: Library;
  readonly #coolDown: CoolDown;
  readonly #completions: Completions;
  readonly #uploader: Uploader;
  readonly #follower: Follower;
  readonly #newId: () => string;
  readonly #ownership: Ownership;
  readonly #subscriptions: Unsubscribe[] = [];
  /** Ends with the client. */
  readonly #life = new AbortController();
  /** Ends with the client, or when it is paused. */
  #run: { readonly controller: AbortController; readonly ended: Promise<unknown> } | null = null;
  #opening: Promise<void> | null = null;
  #status: SyncStatus = still('stopped');
  /** Waits for nothing any more that it waited for because something had gone wrong. */
  readonly #afresh = (): void => {
    this.#uploader.wake({ afresh: true });
    this.#follower.wake({ afresh: true });
  };

  constructor(options: SyncClientOptions) {
    const { store, backend, clock = systemClock, random = Math.random, onCompletion } = options;
    const fetchOf = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#store = store;
    this.#clock = clock;
    this.#network = options.network ?? connectivity();
    this.#keepSyncedMs = options.keepSyncedMs ?? 7 * DAY_MS;
    this.#newId = options.newId ?? randomId;
    const isOnline = (): boolean => this.#network.isOnline();

    const http = new Http({ backend, fetch: fetchOf, clock });
    this.#api = new Api(http, backend);
    this.#coolDown = new CoolDown({ store, clock, random });
    this.#library = new Library({
      store,
      now: () => clock.now(),
      onChange: (recording) => {
        this.#changed(recording);
      },
    });
    this.#completions = new Completions({
      api: this.#api,
      store,
      clock,
      apply: (jobId, job) => this.#follower.apply(jobId, job),
      handOver: async (completion) => {
        await onCompletion?.(completion);
        this.#events.emit('completion', completion);
      },
    });
    const shared = { library: this.#library, coolDown: this.#coolDown, clock, random, isOnline, onError: this.#report };
    this.#follower = new Follower({
      ...shared,
      api: this.#api,
      backend,
      completions: this.#completions,
      pollMs: options.pollMs ?? (backend.watchJob === undefined ? 20_000 : 5 * 60_000),
      onJob: (jobId, job) => {
        this.#events.emit('job', { jobId, ...job });
      },
    });
    const sender = new Sender({
      ...shared,
      http,
      storageUrl: backend.storageUrl,
      api: this.#api,
      store,
      createMd5: options.createMd5 ?? null,
      concurrency: options.concurrency ?? 3,
      onProgress: (recordingId, sentBytes) => {
        const size = this.#library.get(recordingId)?.size ?? sentBytes;
        this.#events.emit('progress', { recordingId, sentBytes, size });
      },
      onTooLarge: (limits) => {
        this.#uploader.restrict(limits);
      },
    });
    this.#uploader = new Uploader({
      ...shared,
      sender,
      newId: this.#newId,
      limits: { ...SERVER_LIMITS, maxRequestBytes: DEFAULT_REQUEST_BYTES, ...options.limits },
      gatherMs: options.gatherMs ?? 1000,
      onStatus: (status) => {
        this.#setStatus(status);
      },
    });
    this.#ownership = new Ownership({
      store,
      newId: this.#newId,
      load: () => this.#load(),
      loadNew: () => this.#library.loadNew(),
      grant: (wishes) => this.#grant(wishes),
    });
    this.#subscribe(backend);
    const dispose = (): void => void this.dispose();
    if (options.signal?.aborted === true) dispose();
    options.signal?.addEventListener('abort', dispose);
  }

  #subscribe(backend: Backend): void {
    this.#subscriptions.push(this.#network.onChange(this.#afresh));
    if (backend.onSignIn !== undefined) this.#subscriptions.push(backend.onSignIn(this.#afresh));
    const unwatch = this.#store.watch?.(() => {
      this.#ownership.changed().catch(this.#report);
    });
    if (unwatch !== undefined) this.#subscriptions.push(unwatch);
  }

  /** Begins to upload and to follow jobs, where an earlier process stopped; resolves when the store is read. */
  async start(): Promise<void> {
    await this.#open();
    this.resume();
  }

  /** All recordings that this device knows of, in the order in which they were added. */
  recordings(): readonly Recording[] {
    return this.#library.recordings.map(toRecording).sort((a, b) => a.addedAt - b.addedAt);
  }

  status(): SyncStatus {
    return this.#status;
  }

  on<Name extends keyof SyncEvents>(name: Name, listener: (payload: SyncEvents[Name]) => void): Unsubscribe {
    return this.#events.on(name, listener);
  }

  /** Keeps a recording, to be uploaded. When it resolves, the recording survives whatever happens. @throws SyncError */
  async add(recording: NewRecording): Promise<Recording> {
    await this.#open();
    const { doc, audio } = newRecording(recording, this.#newId(), this.#clock.now());
    // From now on, so that more may come while this one is written.
    this.#uploader.gather();
    return toRecording(await this.#library.add(doc, audio));
  }

  /** Stops uploading and following, at once; resolves when nothing is under way any more. */
  async pause(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    run?.controller.abort(new SyncError('disposed', 'The client was paused.'));
    await run?.ended;
    if (!this.#life.signal.aborted) this.#setStatus(still('paused'));
  }

  resume(): void {
    if (this.#run !== null || this.#life.signal.aborted) return;
    const { controller, unlink } = linkedController(this.#life.signal);
    this.#afresh();
    const ended = this.#work(controller.signal)
      .catch((error: unknown) => {
        this.#report(error);
        if (controller.signal.aborted) return;
        // Another context may take over now, and this one be started anew.
        controller.abort();
        this.#run = null;
        this.#setStatus(still('stopped'));
      })
      .finally(unlink);
    this.#run = { controller, ended };
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#open();
    const onStandby = (): void => {
      this.#setStatus(still('standby'));
    };
    await this.#ownership.hold(signal, onStandby, async () => {
      await this.#library.repair(this.#clock.now() - this.#keepSyncedMs);
      await Promise.all([this.#uploader.run(signal), this.#follower.run(signal)]);
    });
  }

  /** Does not wait for the end of a cool-down or back-off any longer: for a button. */
  async syncNow(): Promise<void> {
    await this.#wish([{ id: null, what: 'now' }]);
  }

  /**
   * Tries failed recordings again, whatever they failed of. What the server has kept is not uploaded again.
   * @param id of one; all of them without it. @throws SyncError `not_found`; RequestError where the server cannot be asked.
   */
  async retry(id?: string): Promise<void> {
    await this.#open();
    const failed = this.#library.inState('failed').filter((recording) => id === undefined || recording.id === id);
    if (id !== undefined && failed.length === 0) throw new SyncError('not_found', 'There is no such failed recording.');
    const jobs = new Map<string | null, RecordingDoc[]>();
    for (const recording of failed) {
      const kept = recording.failure?.retryable === true ? recording.jobId : null;
      jobs.set(kept, [...(jobs.get(kept) ?? []), recording]);
    }
    for (const [jobId, recordings] of jobs) {
      const what = jobId !== null && (await this.#retryJob(jobId)) ? 'retried' : 'again';
      await this.#wish(recordings.map((recording) => ({ id: recording.id, what })));
    }
  }

  async #retryJob(jobId: string): Promise<boolean> {
    try {
      await this.#api.retry(jobId, this.#life.signal);
      return true;
    } catch (error) {
      // It keeps nothing of it, or is at it already: uploading again finds out.
      if (error instanceof RequestError && error.kind === 'refused') return false;
      throw error;
    }
  }

  /** Ends a job; what it has done stays. Its other recordings are `failed` then, and kept. @throws RequestError */
  async cancelJob(jobId: string): Promise<void> {
    await this.#open();
    await this.#api.cancel(jobId, this.#life.signal);
    await this.#settle([jobId]);
  }

  /** Deletes a recording from this device, also if it was never uploaded. @throws SyncError `not_found`, `busy` */
  async discard(id: string): Promise<void> {
    await this.#open();
    const state = this.#library.get(id)?.state;
    if (state === undefined) throw new SyncError('not_found', 'There is no such recording.');
    if (state !== 'waiting' && state !== 'failed' && state !== 'synced') {
      throw new SyncError('busy', 'The recording is on its way: cancel its job first, or wait.');
    }
    await this.#wish([{ id, what: 'gone' }]);
  }

  async #wish(wishes: readonly Wish[]): Promise<void> {
    await this.#open();
    await this.#ownership.wish(wishes, this.#life.signal);
  }

  async #grant(wishes: readonly Wish[]): Promise<void> {
    const changes = new Map<string, RecordingChange>();
    for (const { id, what } of wishes) {
      if (what === 'gone') await this.#library.remove(id);
      else if (what === 'now') await this.#coolDown.end();
      else changes.set(id, what === 'again' ? { ...backToWaiting, mishaps: 0 } : { state: 'processing' });
    }
    await this.#library.update(changes, 'failed');
    if (wishes.some(({ what }) => what !== 'gone')) this.#afresh();
  }

  /**
   * For what FCM delivers, in the foreground or in the background; it need not be started for that.
   * @returns whether the message was this library's. @throws RequestError when the job could not be asked for: it is at launch.
   */
  async handlePushMessage(data: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { type, job_id: jobId } = data ?? {};
    if (type !== 'offline_sync_completed' || typeof jobId !== 'string') return false;
    await this.#settle([jobId]);
    return true;
  }

  /** Jobs that ended while nobody listened. `start` does this by itself; a background task may call it alone. */
  async checkMissedCompletions(): Promise<void> {
    await this.#settle(null);
  }

  /** @param jobIds null for all that have ended. */
  async #settle(jobIds: readonly string[] | null): Promise<void> {
    await this.#open();
    // Where another context works on the store, its own listener does this.
    await this.#ownership.act(this.#life.signal, (signal) => this.#follower.settle(jobIds, signal));
  }

  /** Ends everything, and closes the store. What is on its way goes on with the next start. */
  async dispose(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#life.abort(new SyncError('disposed', 'The client was disposed of.'));
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    await this.pause();
    await this.#opening?.catch(() => undefined);
    await this.#store.close?.();
    this.#setStatus(still('disposed'));
  }

  #open(): Promise<void> {
    if (this.#life.signal.aborted) return Promise.reject(this.#life.signal.reason as SyncError);
    this.#opening ??= this.#load().catch((error: unknown) => {
      this.#opening = null; // The next call tries it again.
      throw error;
    });
    return this.#opening;
  }

  async #load(): Promise<void> {
    await Promise.all([this.#library.load(), this.#completions.load(), this.#coolDown.load()]);
  }

  #changed(recording: RecordingDoc): void {
    this.#events.emit('recording', toRecording(recording));
    if (recording.state === 'waiting' || recording.state === 'uploading') this.#uploader.wake();
    if (recording.state === 'uploaded') this.#follower.wake();
  }

  #setStatus(status: SyncStatus): void {
    const { state, reason, until } = this.#status;
    this.#status = status;
    if (state !== status.state || reason !== status.reason || until !== status.until)
      this.#events.emit('status', status);
  }
}

function toRecording({ id, name, size, addedAt, state, changedAt, jobId, failure, target }: RecordingDoc): Recording {
  return { id, name, size, addedAt, state, changedAt, jobId, failure, target };
}
