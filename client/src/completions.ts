/**
 * Hands each ended job to the app once, however its end became known (listener, push, launch): reads the job, updates its recordings,
 * calls the app's handler, stores that it did, and tells the server.
 */
import { isFinished, LIMITS } from 'offline-audio-sync-contract';
import type { AudioLedger, FinishedStatus } from 'offline-audio-sync-contract';
import type { Api, Job, JobFile } from './api.ts';
import type { RecordingStore, StoredValue } from './store.ts';
import { Mutex } from './time.ts';
import type { Clock } from './time.ts';

const KEY = 'completion/';
/** Entries are kept this much longer than the server keeps the job, milliseconds. */
const MARGIN_MS = 24 * 3600_000;

/** An ended job, as the app gets it. */
export interface Completion {
  readonly jobId: string;
  readonly status: FinishedStatus;
  /** ISO 8601. A job that is retried ends again, at another time. */
  readonly finishedAt: string;
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  readonly files: readonly JobFile[];
  readonly ledger: AudioLedger;
}

/** A job that was handed over. */
interface HandedOver {
  readonly jobId: string;
  readonly acknowledged: boolean;
  /** When this entry may be deleted, Unix milliseconds. */
  readonly expiresAt: number;
}

export interface CompletionsOptions {
  readonly api: Pick<Api, 'job' | 'acknowledge'>;
  readonly store: Pick<RecordingStore, 'put' | 'remove'>;
  readonly clock: Clock;
  /** Applies the state of a job to this device's recordings; null if the server has no such job any more. */
  readonly apply: (jobId: string, job: Job | null) => Promise<void>;
  /** The app's handler. A completion counts as handed over when this has resolved. */
  readonly handOver: (completion: Completion) => Promise<void>;
}

export class Completions {
  readonly #options: CompletionsOptions;
  readonly #handedOver = new Map<string, HandedOver>();
  /** Keys of entries that may be deleted. Reading does not delete them: only the context at work does. */
  #expired: string[] = [];
  readonly #oneByOne = new Mutex();

  constructor(options: CompletionsOptions) {
    this.#options = options;
  }

  /** @param entries all that is in the store */
  load(entries: ReadonlyMap<string, StoredValue>): void {
    const { clock } = this.#options;
    this.#expired = [];
    this.#handedOver.clear();
    for (const [key, value] of entries) {
      if (!key.startsWith(KEY)) continue;
      const entry = value as unknown as HandedOver;
      // The server lists the job until it is acknowledged. So keep the entry until then, whatever the clock says.
      if (entry.acknowledged && entry.expiresAt < clock.now()) this.#expired.push(key);
      else this.#handedOver.set(key, entry);
    }
  }

  /**
   * Reads a job, and hands it over if it has ended. A needless call does no harm.
   * @returns whether the job has ended or is deleted. @throws RequestError; the error of the app's handler.
   */
  check(jobId: string, signal: AbortSignal): Promise<boolean> {
    // One job at a time: one end may become known in two ways, and handlers need not be re-entrant.
    return this.#oneByOne.run(async () => {
      const job = await this.#options.api.job(jobId, signal);
      await this.#options.apply(jobId, job);
      if (job === null || !isCompletion(job)) return job === null;
      await this.#handOver(job);
      return true;
    });
  }

  async #handOver(job: Job & Completion): Promise<void> {
    const { store, handOver } = this.#options;
    const key = `${KEY}${job.jobId}@${job.finishedAt}`;
    if (this.#handedOver.has(key)) return;
    const { jobId, status, finishedAt, newConversationIds, updatedConversationIds, files, ledger } = job;
    await handOver({ jobId, status, finishedAt, newConversationIds, updatedConversationIds, files, ledger });
    const entry: HandedOver = {
      jobId,
      acknowledged: job.acknowledgedAt !== null,
      expiresAt: Date.parse(job.expiresAt) + MARGIN_MS,
    };
    await store.put(new Map([[key, entry as unknown as StoredValue]]));
    this.#handedOver.set(key, entry);
  }

  get unacknowledged(): number {
    return [...this.#handedOver.values()].filter(({ acknowledged }) => !acknowledged).length;
  }

  /** Tells the server what was handed over. @throws RequestError; the caller tries again later. */
  async acknowledge(signal: AbortSignal): Promise<void> {
    if (this.#expired.length > 0) await this.#options.store.remove(this.#expired);
    this.#expired = [];
    const open = [...this.#handedOver].filter(([, { acknowledged }]) => !acknowledged);
    for (let at = 0; at < open.length; at += LIMITS.maxAcknowledgedJobs) {
      const some = open.slice(at, at + LIMITS.maxAcknowledgedJobs);
      await this.#options.api.acknowledge([...new Set(some.map(([, { jobId }]) => jobId))], signal);
      // Also those that the server did not acknowledge: they are deleted, or run again and will have another end.
      const done = new Map(some.map(([key, entry]) => [key, { ...entry, acknowledged: true }]));
      await this.#options.store.put(done as unknown as ReadonlyMap<string, StoredValue>);
      for (const [key, entry] of done) this.#handedOver.set(key, entry);
    }
  }
}

function isCompletion(job: Job): job is Job & Completion {
  return isFinished(job.status) && job.finishedAt !== null;
}
