/** Brings one batch to the server, by either way. What it did survives in the library; doing it again does no harm. */
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
  /** Recordings that go to Storage at once. */
  readonly concurrency: number;
  readonly onProgress: (localId: string, sentBytes: number) => void;
  /** The server, or the network, takes less in one request than this library thought. */
  readonly onTooLarge: (limits: Partial<BatchLimits>) => void;
}

/** A request that was on its way for so long before it broke off was most likely in the middle of its body, milliseconds. */
const UNDER_WAY_MS = 10_000;
/** So often in a row, and its recordings go in smaller requests: a connection that lasts half a minute carries no 8 MiB. */
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

  /** @throws RequestError for another time; SyncError `disposed` once the signal aborts. What the server refuses is settled here. */
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

  /** Whether the network does not carry the request of this batch. */
  #isTooMuch(batch: BatchDoc, { kind, code }: RequestError, underWayMs: number): boolean {
    if (code === 'too_large_for_network') return true;
    if (kind !== 'network' || underWayMs < UNDER_WAY_MS) return false;
    const breaks = (this.#breaks.get(batch.id) ?? 0) + 1;
    this.#breaks.set(batch.id, breaks);
    return breaks >= MOST_BREAKS && multipartBound(this.#options.library.uploadingOf(batch)) > SMALL_REQUEST;
  }

  /** Something on the way takes no request of this size: the recordings go in smaller requests, or in pieces. */
  async #split(batch: BatchDoc): Promise<void> {
    const { library, onTooLarge } = this.#options;
    onTooLarge({ maxRequestBytes: Math.floor(multipartBound(library.uploadingOf(batch)) / 2) });
    this.#breaks.delete(batch.id);
    await library.endBatch(batch);
  }

  async #sendMultipart(batch: BatchDoc, signal: AbortSignal): Promise<void> {
    const { api, library, onProgress } = this.#options;
    const members = library.membersOf(batch);
    // A process that died after the answer was on record.
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

  /** @returns null where something is gone: that is on record then, and the rest waits for another batch. */
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
        // One that cannot go on stops the others. The next attempt continues all of them where they are.
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
            // Nothing is read of what is not to be uploaded any more.
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
      // It may be there already, by an answer that was lost: the job says so, and who follows it tries again if not.
      await library.update(new Map([[id, { mishaps: recording.mishaps + 1 }]]));
    }
    await this.#arrived(batch, [recording], job.jobId);
  }

  #arrived(batch: BatchDoc, members: readonly RecordingDoc[], jobId: string): Promise<void> {
    const change = { state: 'uploaded', jobId, session: null } as const;
    const arrived = members.filter(({ id }) => this.#isIn(batch, id));
    return this.#options.library.update(new Map(arrived.map(({ id }) => [id, change])));
  }

  /** Its job may have ended meanwhile: cancelled from elsewhere, say. */
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

  /** Marks what was refused, and that alone: the rest waits for a batch without it. */
  async #refused(batch: BatchDoc, error: RequestError): Promise<void> {
    const { library, onTooLarge } = this.#options;
    const members = library.uploadingOf(batch);
    const isMultipart = batch.way === 'multipart';
    // A single recording that is too much for a request goes to Storage; one that is too much for a job has no other way.
    const isTooLarge = TOO_LARGE.has(error.code) && (isMultipart || members.length > 1);
    if (isTooLarge) {
      // How many a job takes depends on their names: half of them do, sooner or later.
      const half = Math.floor(members.length / 2);
      onTooLarge(isMultipart ? { maxFilesPerRequest: members.length - 1 } : { maxFilesPerJob: half });
    }
    if (isTooLarge || error.code === 'idempotency_conflict') {
      await library.endBatch(batch);
      return;
    }
    const problems = new Map(error.details.map((problem) => [problem.file, problem]));
    const blamed = members.filter(({ name }) => problems.has(name));
    // What names none of them means all of them.
    const failures = (blamed.length > 0 ? blamed : members).map(({ id, name }): [string, Failure] => {
      const { code, message } = problems.get(name) ?? error;
      // The server keeps nothing of a cancelled job; this device does, and can send it again.
      return [id, { code, message, retryable: code === 'job_cancelled' }];
    });
    await library.endBatch(batch, failures);
  }
}

class AudioMissing extends Error {}
