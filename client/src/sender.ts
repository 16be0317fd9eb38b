/** Uploads one batch, in either way. Its progress is stored in the library, so it may be repeated. */
import type { ErrorCode } from 'offline-audio-sync-contract';
import type { Api, DirectJob } from './api.ts';
import type { BatchLimits } from './batches.ts';
import { RequestError } from './errors.ts';
import { AUDIO_MISSING } from './library.ts';
import type { Library, RecordingChange } from './library.ts';
import type { Md5 } from './digest.ts';
import { md5Of } from './digest.ts';
import { multipartBound } from './multipart.ts';
import type { MultipartFile } from './multipart.ts';
import type { BatchDoc, Failure, RecordingDoc } from './recording.ts';
import { uploadResumable } from './resumable.ts';
import type { ResumableOptions } from './resumable.ts';
import type { RecordingStore } from './store.ts';
import { linkedController, Stopwatch, stopped } from './time.ts';

export interface SenderOptions extends ResumableOptions {
  readonly api: Pick<Api, 'upload' | 'createJob'>;
  readonly library: Library;
  readonly store: Pick<RecordingStore, 'readAudio'>;
  readonly createMd5: (() => Md5) | null;
  /** Recordings that are uploaded to Storage at the same time. */
  readonly concurrency: number;
  readonly onProgress: (localId: string, sentBytes: number) => void;
  /** Called if the server or the network accepts less in one request than the limits say. */
  readonly onTooLarge: (limits: Partial<BatchLimits>) => void;
}

/** A request that broke off after this long was most likely in the middle of its body, milliseconds. */
const UNDER_WAY_MS = 10_000;
/** After this many breaks in a row, the recordings are sent in smaller requests: a connection of half a minute carries no 8 MiB. */
const MOST_BREAKS = 3;
/** A request of this size is not divided, bytes. */
const SMALL_REQUEST = 256 * 1024;

/** The catalogue's codes for a request that is too much at once. */
const TOO_LARGE: ReadonlySet<string> = new Set<ErrorCode>(['payload_too_large', 'too_many_files']);

export class Sender {
  readonly #options: SenderOptions;
  /** How often the request of a batch broke off on its way, by the batch's id. */
  readonly #breaks = new Map<string, number>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Sends a batch. Handles recordings that the server refuses. @throws RequestError to try again later; SyncError `disposed` once the
   * signal aborts.
   */
  async send(batch: BatchDoc, signal: AbortSignal): Promise<void> {
    const underWay = new Stopwatch(this.#options.clock);
    try {
      if (batch.way === 'multipart') await this.#sendMultipart(batch, signal);
      else await this.#sendDirect(batch, signal);
      this.#breaks.delete(batch.id);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (batch.way === 'multipart' && this.#isTooMuch(batch, error, underWay.elapsedMs)) await this.#split(batch);
      else if (error.kind === 'refused') await this.#refused(batch, error);
      else throw error;
    }
  }

  /** Whether the request of this batch is too large for the network. */
  #isTooMuch(batch: BatchDoc, { kind, code }: RequestError, underWayMs: number): boolean {
    if (code === 'too_large_for_network') return true;
    if (kind !== 'network' || underWayMs < UNDER_WAY_MS) return false;
    const breaks = (this.#breaks.get(batch.id) ?? 0) + 1;
    this.#breaks.set(batch.id, breaks);
    return breaks >= MOST_BREAKS && multipartBound(this.#options.library.uploadingOf(batch)) > SMALL_REQUEST;
  }

  /** Ends a batch whose request is too large for something on the way: its recordings are sent in smaller requests, or in pieces. */
  async #split(batch: BatchDoc): Promise<void> {
    const { library, onTooLarge } = this.#options;
    onTooLarge({ maxRequestBytes: Math.floor(multipartBound(library.uploadingOf(batch)) / 2) });
    this.#breaks.delete(batch.id);
    await library.endBatch(batch);
  }

  async #sendMultipart(batch: BatchDoc, signal: AbortSignal): Promise<void> {
    const { api, library, onProgress } = this.#options;
    const members = library.membersOf(batch);
    // Otherwise an earlier process has stored the answer, and died.
    if (batch.jobId === null) {
      const files = await this.#readAll(batch, members);
      if (files === null) return;
      const jobId = await api.upload(batch.key, batch.target, files, signal);
      await library.putBatch({ ...batch, jobId });
      await this.#accepted(members, jobId);
    } else {
      await this.#accepted(members, batch.jobId);
    }
    await library.endBatch(batch);
    for (const { id, size } of members) onProgress(id, size);
  }

  #accepted(members: readonly RecordingDoc[], jobId: string): Promise<void> {
    const arrived = members.filter(({ state }) => state === 'uploading');
    const change = { state: 'uploaded', jobId, batchId: null, session: null, mishaps: 0 } as const;
    return this.#options.library.update(new Map(arrived.map(({ id }) => [id, change])));
  }

  /** @returns null if some audio is gone: those recordings are then failed, and the rest waits for another batch. */
  async #readAll(batch: BatchDoc, members: readonly RecordingDoc[]): Promise<MultipartFile[] | null> {
    const { store, library } = this.#options;
    const read = await Promise.all(members.map(async ({ id, size }) => store.readAudio(id, 0, size)));
    const files = members.flatMap(({ name, size }, i): MultipartFile[] => {
      const bytes = read[i];
      return bytes?.length === size ? [{ name, bytes }] : [];
    });
    if (files.length === members.length) return files;
    await library.endBatch(
      batch,
      members.flatMap(({ id, size }, i) => (read[i]?.length === size ? [] : [[id, AUDIO_MISSING]])),
    );
    return null;
  }

  async #sendDirect(batch: BatchDoc, signal: AbortSignal): Promise<void> {
    const { api, library } = this.#options;
    if (!(await this.#hashAll(batch, signal))) return;
    const job = await api.createJob(batch.key, batch.target, library.membersOf(batch), signal);
    if (batch.jobId !== job.jobId) await library.putBatch({ ...batch, jobId: job.jobId });

    const files = new Map(job.files.map((file) => [file.name, file]));
    const members = library.uploadingOf(batch);
    const there = members.filter(({ name }) => files.get(name)?.state !== 'expected');
    await this.#arrived(batch, there, job.jobId);
    const missing = members.filter(({ name }) => files.get(name)?.state === 'expected');
    await this.#uploadAll(batch, missing, job, signal);
  }

  async #uploadAll(
    batch: BatchDoc,
    members: readonly RecordingDoc[],
    job: DirectJob,
    signal: AbortSignal,
  ): Promise<void> {
    const paths = new Map(job.files.map(({ name, path }) => [name, path]));
    const queue = [...members];
    const { controller, unlink } = linkedController(signal);
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !controller.signal.aborted; next = queue.shift()) {
        if (this.#isIn(batch, next.id)) await this.#uploadOne(batch, next, job, paths, controller.signal);
      }
    };
    const lanes = Array.from({ length: this.#options.concurrency }, () =>
      lane().catch((error: unknown) => {
        // One failure stops the other uploads. The next attempt continues all of them.
        failures.push(error);
        controller.abort();
      }),
    );
    await Promise.all(lanes);
    unlink();
    if (signal.aborted) throw stopped();
    if (failures.length > 0) throw failures[0];
  }

  async #uploadOne(
    batch: BatchDoc,
    recording: RecordingDoc,
    job: DirectJob,
    paths: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, library, onProgress } = this.#options;
    const { id, name, size, session } = recording;
    try {
      await uploadResumable(
        this.#options,
        {
          bucket: job.bucket,
          path: paths.get(name) ?? '',
          size,
          session,
          read: async (start, end) => {
            // The recording may have left the batch meanwhile.
            const bytes = this.#isIn(batch, id) ? await store.readAudio(id, start, end) : null;
            if (bytes?.length !== end - start) throw new AudioMissing();
            return bytes;
          },
          onSession: async (url) => {
            if (this.#isIn(batch, id)) await library.update(new Map([[id, { session: url }]]));
          },
          onProgress: (received) => {
            onProgress(id, received);
          },
        },
        signal,
      );
    } catch (error) {
      if (error instanceof AudioMissing) {
        if (this.#isIn(batch, id))
          await library.update(new Map([[id, { state: 'failed', batchId: null, failure: AUDIO_MISSING }]]));
        return;
      }
      if (!(error instanceof RequestError) || error.kind !== 'refused') throw error;
      // The object may have arrived although the answer was lost. The follower reads the job, and uploads again if it has not.
      await library.update(new Map([[id, { mishaps: recording.mishaps + 1 }]]));
    }
    await this.#arrived(batch, [recording], job.jobId);
  }

  #arrived(batch: BatchDoc, members: readonly RecordingDoc[], jobId: string): Promise<void> {
    const change = { state: 'uploaded', jobId, session: null } as const;
    const arrived = members.filter(({ id }) => this.#isIn(batch, id));
    return this.#options.library.update(new Map(arrived.map(({ id }) => [id, change])));
  }

  /** Whether the recording is still in the batch: its job may have ended meanwhile, for example by a cancellation. */
  #isIn(batch: BatchDoc, id: string): boolean {
    const recording = this.#options.library.get(id);
    return recording?.state === 'uploading' && recording.batchId === batch.id;
  }

  /** @returns whether there is audio for all of them. */
  async #hashAll(batch: BatchDoc, signal: AbortSignal): Promise<boolean> {
    const { library, store, createMd5 } = this.#options;
    if (createMd5 === null) return true;
    const missing: [string, Failure][] = [];
    const hashes = new Map<string, RecordingChange>();
    for (const { id, size, md5 } of library.membersOf(batch)) {
      if (md5 !== null) continue;
      const hash = await md5Of(createMd5, size, (start, end) => store.readAudio(id, start, end), signal);
      if (hash === null) missing.push([id, AUDIO_MISSING]);
      else hashes.set(id, { md5: hash });
    }
    await library.update(hashes);
    if (missing.length > 0) await library.endBatch(batch, missing);
    return missing.length === 0;
  }

  /** Fails the refused recordings only. The rest waits for a batch without them. */
  async #refused(batch: BatchDoc, error: RequestError): Promise<void> {
    const { library, onTooLarge } = this.#options;
    const members = library.uploadingOf(batch);
    const isMultipart = batch.way === 'multipart';
    // A single recording that is too large for a request goes to Storage. If it is too large for a job, it fails.
    const isTooLarge = TOO_LARGE.has(error.code) && (isMultipart || members.length > 1);
    if (isTooLarge) {
      // How many recordings fit a job depends on their names: halving finds a number that does.
      const half = Math.floor(members.length / 2);
      onTooLarge(isMultipart ? { maxFilesPerRequest: members.length - 1 } : { maxFilesPerJob: half });
    }
    if (isTooLarge || error.code === 'idempotency_conflict') {
      await library.endBatch(batch);
      return;
    }
    const problems = new Map(error.details.map((problem) => [problem.file, problem]));
    const blamed = members.filter(({ name }) => problems.has(name));
    // An error that names no recording is about all of them.
    const failures = (blamed.length > 0 ? blamed : members).map(({ id, name }): [string, Failure] => {
      const { code, message } = problems.get(name) ?? error;
      // The server keeps no audio of a cancelled job, but this device does, and can send it again.
      return [id, { code, message, retryable: code === 'job_cancelled' }];
    });
    await library.endBatch(batch, failures);
  }
}

class AudioMissing extends Error {}
