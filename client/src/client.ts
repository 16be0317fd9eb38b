/** The library's public object: one user's recordings on one device. */
import { PUSH_TYPE } from 'offline-audio-sync-contract';
import type { CallableName, Callables } from 'offline-audio-sync-contract';
import type { Backend } from './backend.ts';
import { Emitter } from './emitter.ts';
import type { Unsubscribe } from './emitter.ts';
import { SyncError } from './errors.ts';
import { loadParts, opening } from './opening.ts';
import { connectivity } from './network.ts';
import type { Network } from './network.ts';
import { newRecording } from './newRecording.ts';
import type { NewRecording } from './newRecording.ts';
import type { SyncClientOptions, SyncEvents, SyncStatus } from './options.ts';
import type { RedateOptions } from './redate.ts';
import { makeParts } from './parts.ts';
import type { Parts } from './parts.ts';
import { randomId } from './randomId.ts';
import { toRecording } from './recording.ts';
import type { Recording } from './recording.ts';
import { retryFailed } from './retryFailed.ts';
import { runOf, untilEnded } from './run.ts';
import type { Run } from './run.ts';
import { stopped, systemClock } from './time.ts';
import type { Clock } from './time.ts';
import type { Wish } from './wishes.ts';

const DAY_MS = 24 * 3600_000;

function still(state: 'stopped' | 'standby' | 'paused' | 'disposed'): SyncStatus {
  return { state, reason: null, until: null };
}

export function createSyncClient(options: SyncClientOptions): SyncClient {
  return new SyncClient(options);
}

export class SyncClient {
  readonly #clock: Clock;
  readonly #keepSyncedMs: number;
  readonly #report = (error: unknown): void => {
    this.#events.emit('error', error);
  };
  readonly #events = new Emitter<SyncEvents>();
  readonly #parts: Parts;
  readonly #newId: () => string;
  readonly #subscriptions: Unsubscribe[] = [];
  /** Ends with the client. */
  readonly #life = new AbortController();
  readonly #run: Run;
  readonly #opening = opening(async () => {
    // Even if this context cannot work on the store, it can show what is there.
    const hasRead = await this.#parts.ownership.hasRead().catch(() => false);
    if (!hasRead) await loadParts(this.#parts);
  });
  #status: SyncStatus = still('stopped');
  /** Ends all waits after failures. */
  readonly #tryNow = (): void => {
    this.#run.tryNow();
    this.#parts.uploader.tryNow();
    this.#parts.follower.tryNow();
  };

  constructor(options: SyncClientOptions) {
    const { backend, signal, clock = systemClock, newId = randomId, network = connectivity() } = options;
    this.#clock = clock;
    this.#newId = newId;
    this.#keepSyncedMs = options.keepSyncedMs ?? 7 * DAY_MS;
    const onStatus = (status: SyncStatus): void => {
      this.#setStatus(status);
    };
    this.#run = runOf({
      clock,
      random: options.random ?? Math.random,
      life: this.#life.signal,
      work: (running) => this.#work(running),
      onError: this.#report,
      onStatus,
    });
    const life = this.#life.signal;
    const around = { clock, network, newId, events: this.#events, life, onStatus, tryNow: this.#tryNow };
    this.#parts = makeParts(options, around);
    this.#subscribe(backend, network);
    const dispose = (): void => void this.dispose();
    signal?.addEventListener('abort', dispose);
    this.#subscriptions.push(() => signal?.removeEventListener('abort', dispose));
    if (signal?.aborted === true) dispose();
  }

  #subscribe(backend: Backend, network: Network): void {
    const subscriptions = [
      network.onChange(() => {
        this.#parts.uploader.networkChanged();
        this.#parts.follower.networkChanged();
      }),
      backend.onSignIn?.(this.#tryNow),
      this.#parts.store.watch?.(() => {
        this.#parts.ownership.changed(this.#life.signal);
      }),
    ];
    for (const end of subscriptions) if (end !== undefined) this.#subscriptions.push(end);
  }

  /**
   * Begins to upload and to follow jobs, and continues what an earlier process has begun. Resolves when the store is read; rejects if
   * it cannot be read, and tries again by itself.
   */
  async start(): Promise<void> {
    this.resume();
    await this.#open();
  }

  /** All recordings that this device has or has had lately, in the order in which they were added. */
  recordings(): readonly Recording[] {
    return this.#parts.library.recordings.map(toRecording);
  }

  status(): SyncStatus {
    return this.#status;
  }

  on<Name extends keyof SyncEvents>(name: Name, listener: (payload: SyncEvents[Name]) => void): Unsubscribe {
    return this.#events.on(name, listener);
  }

  /** Stores a recording, to be uploaded. When it resolves, the recording is stored and survives a crash. @throws SyncError */
  async add(recording: NewRecording): Promise<Recording> {
    await this.#open();
    const { doc, audio } = newRecording(recording, this.#newId(), this.#clock.now());
    // Starts before the write, so that more recordings may be added meanwhile.
    this.#parts.uploader.gather();
    return toRecording(await this.#parts.library.add(doc, audio));
  }

  /**
   * Stops uploading and following. Resolves when nothing is under way any more, or after some seconds, because an app or a platform may
   * never answer.
   */
  async pause(): Promise<void> {
    await this.#run.pause();
    if (!this.#life.signal.aborted) this.#setStatus(still('paused'));
  }

  resume(): void {
    if (this.#life.signal.aborted) return;
    this.#tryNow();
    this.#run.resume();
  }

  async #work(signal: AbortSignal): Promise<void> {
    const onStandby = (): void => {
      this.#setStatus(still('standby'));
    };
    await this.#parts.ownership.hold(signal, onStandby, async (held) => {
      await this.#open();
      await this.#parts.library.repair(this.#clock.now() - this.#keepSyncedMs);
      await Promise.all([this.#parts.uploader.run(held), this.#parts.follower.run(held)]);
    });
  }

  /** Tries now, whatever it waits for, even if the platform reports no network. For a button. */
  async syncNow(): Promise<void> {
    await this.#wish([{ id: null, what: 'now' }]);
  }

  /**
   * Tries failed recordings again, whatever the failure was. Audio that the server has kept is not uploaded again.
   * @param id of one recording; without it, all failed ones. @throws SyncError `not_found`; RequestError if the server cannot be asked.
   */
  async retry(id?: string): Promise<void> {
    await this.#open();
    const failed = this.#parts.library.inState('failed').filter((recording) => id === undefined || recording.id === id);
    if (id !== undefined && failed.length === 0) throw new SyncError('not_found');
    await retryFailed(failed, this.#parts.api, (wishes) => this.#wish(wishes), this.#life.signal);
  }

  /** Cancels a job. Recordings that are done stay done; the others are `failed` and stay on this device. @throws RequestError */
  async cancelJob(jobId: string): Promise<void> {
    await this.#open();
    await this.#parts.api.cancel(jobId, this.#life.signal);
    await this.#checkJobs([jobId]);
  }

  /**
   * Stops the upload of a recording, even if it is under way. The recording is `failed` with `upload_cancelled`, and stays on this
   * device until `retry` or `discard`. The others of its batch are uploaded without it. @throws SyncError `not_found`; `busy` if the
   * server has it already (`cancelJob` ends its job); RequestError if a job that waits for it cannot be cancelled.
   */
  async cancelUpload(id: string): Promise<void> {
    await this.#open();
    const state = this.#parts.library.get(id)?.state;
    if (state === undefined) throw new SyncError('not_found');
    if (state !== 'waiting' && state !== 'uploading' && state !== 'failed') throw new SyncError('busy');
    await this.#wish([{ id, what: 'stop' }]);
  }

  /**
   * Reads the audio of a recording, or a part of it. This device keeps it until the recording is `synced`.
   * @param range bytes from `start` up to, not including, `end`; all of them without it.
   * @returns null if the audio is not on this device any more. @throws SyncError `not_found`
   */
  async readAudio(
    id: string,
    range: { readonly start?: number; readonly end?: number } = {},
  ): Promise<Uint8Array | null> {
    await this.#open();
    const recording = this.#parts.library.get(id);
    if (recording === undefined) throw new SyncError('not_found');
    const { start = 0, end = recording.size } = range;
    return this.#parts.store.readAudio(id, Math.max(0, start), Math.min(recording.size, end));
  }

  /** Moves uploaded recordings, with their speech, to the time at which they were made. @throws RequestError */
  async redateRecordings(options: RedateOptions): Promise<void> {
    await this.#open();
    await this.#parts.api.redate(options, this.#life.signal);
  }

  /**
   * Calls a function of the server, with the user's token: `editConversation`, `undoEdit`, `deleteConversation` and the others of
   * docs/api.md. @throws RequestError
   */
  async call<Name extends CallableName>(
    name: Name,
    request: Callables[Name]['request'],
  ): Promise<Callables[Name]['answer']> {
    await this.#open();
    // The API has checked that the answer is our server's.
    const answer: unknown = await this.#parts.api.call(name, request, this.#life.signal);
    return answer as Callables[Name]['answer'];
  }

  /** Deletes a recording from this device, also if it was never uploaded. @throws SyncError `not_found`, `busy` */
  async discard(id: string): Promise<void> {
    await this.#open();
    const state = this.#parts.library.get(id)?.state;
    if (state === undefined) throw new SyncError('not_found');
    if (state !== 'waiting' && state !== 'failed' && state !== 'synced') {
      throw new SyncError('busy');
    }
    await this.#wish([{ id, what: 'gone' }]);
  }

  async #wish(wishes: readonly Wish[]): Promise<void> {
    await this.#open();
    await this.#parts.ownership.wish(wishes, this.#life.signal);
  }

  /**
   * Handles a message of FCM, in the foreground or in the background. The client need not be started for that.
   * @returns whether the message was this library's. @throws RequestError if the job could not be read: the next launch reads it.
   */
  async handlePushMessage(data: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { type, job_id: jobId } = data ?? {};
    if (type !== PUSH_TYPE || typeof jobId !== 'string') return false;
    await this.#checkJobs([jobId]);
    return true;
  }

  /** Handles jobs that ended while no handler listened. `start` does this by itself; a background task may call it alone. */
  async checkMissedCompletions(): Promise<void> {
    await this.#checkJobs(null);
  }

  /** @param jobIds null for all that have ended. */
  async #checkJobs(jobIds: readonly string[] | null): Promise<void> {
    await this.#open();
    // If another context works on the store, its own listener does this.
    await this.#parts.ownership.act(this.#life.signal, (signal) => this.#parts.follower.checkJobs(jobIds, signal));
  }

  /** Ends everything, and closes the store. The next start continues unfinished uploads. */
  async dispose(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    await this.pause();
    const ending = { clock: this.#clock, onError: this.#report };
    await untilEnded(this.#opening.idle(), ending);
    if (this.#parts.store.close !== undefined) await untilEnded(this.#parts.store.close(), ending);
    this.#setStatus(still('disposed'));
  }

  #open(): Promise<void> {
    if (this.#life.signal.aborted) return Promise.reject(stopped());
    return this.#opening.open();
  }

  #setStatus(status: SyncStatus): void {
    const { state, reason, until } = this.#status;
    this.#status = status;
    if (state !== status.state || reason !== status.reason || until !== status.until)
      this.#events.emit('status', status);
  }
}
