/** Applies the server's state of a job to the recordings of this device that are in it. */
import { isDone, isFinished } from 'offline-audio-sync-contract';
import type { ErrorCode } from 'offline-audio-sync-contract';
import type { Api, Job, JobFile } from './api.ts';
import { backToWaiting } from './library.ts';
import type { Library, RecordingChange } from './library.ts';
import { localFailure } from './recording.ts';
import type { BatchDoc, Failure, RecordingDoc } from './recording.ts';
import { Stopwatch } from './time.ts';
import type { Clock } from './time.ts';

export interface OutcomesOptions {
  readonly api: Pick<Api, 'cancel'>;
  readonly library: Library;
  readonly clock: Clock;
}

/** A recording that arrived wrong, or not at all, this often is not sent again automatically. */
const MAX_MISHAPS = 3;
/**
 * How long to wait for an object that Storage has reported as complete, milliseconds. The server learns of it by an event a moment
 * later. If the event was lost, creating the job again makes the server list the objects.
 */
const ARRIVAL_MS = 2 * 60_000;
/** The same for a recording that went wrong before. */
export const DOUBT_MS = 20_000;

/** Failures after which the recording is uploaded again automatically, because nothing else helps. */
const UPLOAD_AGAIN: ReadonlySet<string> = new Set<ErrorCode>([
  'upload_expired',
  'recording_missing',
  'upload_mismatch',
]);

const CANCELLED: ErrorCode = 'job_cancelled';

export class Outcomes {
  readonly #options: OutcomesOptions;
  /** When each recording was uploaded, by its id. */
  readonly #uploaded = new Map<string, { readonly changedAt: number; readonly stopwatch: Stopwatch }>();

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  /** @param job null if there is no such job any more. */
  async apply(jobId: string, job: Job | null): Promise<void> {
    const { library } = this.#options;
    const files = new Map(job?.files.map((file) => [file.name, file]));
    const known = library.recordings.filter((recording) => recording.jobId === jobId && recording.state !== 'synced');
    const done = known.filter(({ name }) => isSynced(files.get(name)));
    await library.markSynced(done.map(({ id }) => id));
    const ours = known.filter((recording) => !done.includes(recording));
    const batch = library.batches.find((candidate) => candidate.jobId === jobId);
    if (job?.status === 'uploading') {
      if (batch !== undefined) await this.#repairUpload(batch, job, ours);
      return;
    }
    // A multipart request that is under way ends its batch by itself.
    if (batch?.way === 'direct') {
      // The user who cancelled the job does not want its other recordings in a new job.
      const stopped = job?.status === 'cancelled' ? library.uploadingOf(batch) : [];
      await library.endBatch(
        batch,
        stopped.map(({ id, name }) => [id, failureOf(files.get(name))]),
      );
    }
    if (job === null) {
      await this.#again(ours.filter(({ state }) => state === 'uploaded' || state === 'processing'));
    } else if (isFinished(job.status)) {
      await this.#conclude(job, files, ours);
    } else if (job.status !== 'pending') {
      const uploaded = ours.filter(({ state }) => state === 'uploaded');
      await library.update(changes(uploaded, () => ({ state: 'processing' })));
    }
  }

  async #conclude(job: Job, files: ReadonlyMap<string, JobFile>, ours: readonly RecordingDoc[]): Promise<void> {
    const { library } = this.#options;
    const undone = ours.filter(({ state }) => state !== 'failed');
    const again = undone.filter(
      ({ name, mishaps }) =>
        job.status !== 'cancelled' && mishaps < MAX_MISHAPS && UPLOAD_AGAIN.has(files.get(name)?.error?.code ?? ''),
    );
    await this.#again(again);
    const failed = undone.filter((recording) => !again.includes(recording));
    await library.update(changes(failed, ({ name }) => ({ state: 'failed', failure: failureOf(files.get(name)) })));
  }

  /** Uploads recordings again, in another batch. */
  async #again(recordings: readonly RecordingDoc[]): Promise<void> {
    await this.#options.library.update(
      changes(recordings, ({ mishaps }) => ({ ...backToWaiting, mishaps: mishaps + 1 })),
    );
  }

  /** Repairs a job that waits for recordings which this device has as uploaded. */
  async #repairUpload(batch: BatchDoc, job: Job, ours: readonly RecordingDoc[]): Promise<void> {
    const { library } = this.#options;
    const expected = new Map(job.files.filter(({ state }) => state === 'expected').map((file) => [file.name, file]));
    const wrong = ours.filter(({ id, name, state, mishaps, changedAt }) => {
      const file = expected.get(name);
      if (file === undefined || state !== 'uploaded') return false;
      const waitedMs = this.#sinceUploaded(id, changedAt).elapsedMs;
      // The problem may be that of an earlier object.
      return (file.error !== null && mishaps === 0) || waitedMs > (mishaps > 0 ? DOUBT_MS : ARRIVAL_MS);
    });
    const hopeless = wrong.filter(({ mishaps }) => mishaps >= MAX_MISHAPS);
    const isAtWork = library.uploadingOf(batch).length > 0;
    const hasFailed = library.membersOf(batch).some(({ state }) => state === 'failed');
    if (!isAtWork && (hasFailed || hopeless.length > 0)) {
      await this.#abandon(batch, job.jobId, hopeless);
      return;
    }
    const retried = wrong.filter((recording) => !hopeless.includes(recording));
    const again = ({ mishaps }: RecordingDoc): RecordingChange => ({
      state: 'uploading',
      session: null,
      mishaps: mishaps + 1,
    });
    await library.update(changes(retried, again));
  }

  #sinceUploaded(id: string, changedAt: number): Stopwatch {
    const known = this.#uploaded.get(id);
    if (known?.changedAt === changedAt) return known.stopwatch;
    const stopwatch = new Stopwatch(this.#options.clock, changedAt);
    this.#uploaded.set(id, { changedAt, stopwatch });
    return stopwatch;
  }

  /** Ends a batch of which some recordings will never arrive. The others are uploaded in a new batch. */
  async #abandon(batch: BatchDoc, jobId: string, hopeless: readonly RecordingDoc[]): Promise<void> {
    const { library, api } = this.#options;
    await library.endBatch(
      batch,
      hopeless.map(({ id }) => [id, localFailure('upload_refused')]),
    );
    const left = library.membersOf(batch).filter(({ state }) => state === 'uploaded');
    await library.update(changes(left, () => backToWaiting));
    // If this fails, the job ends by itself within a day.
    await api.cancel(jobId, new AbortController().signal).catch(() => undefined);
  }
}

function changes(
  recordings: readonly RecordingDoc[],
  change: (recording: RecordingDoc) => RecordingChange,
): Map<string, RecordingChange> {
  return new Map(recordings.map((recording) => [recording.id, change(recording)]));
}

/** Whether the server will never need the audio again: the only reason to delete it. */
function isSynced(file: JobFile | undefined): boolean {
  return file !== undefined && isDone(file.state);
}

function failureOf(file: JobFile | undefined): Failure {
  const { code, message, retryable } = file?.error ?? localFailure('recording_left_out');
  // The server keeps no audio of a cancelled job, but this device does, and can send it again.
  return { code, message, retryable: retryable || code === CANCELLED };
}
