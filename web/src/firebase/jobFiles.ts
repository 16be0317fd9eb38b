/** Reads the recordings of jobs, which have their own documents: for jobs in progress live, for ended jobs once. */
import { filesOfJobs, isFinished, MAX_JOBS_OF_A_QUERY, NO_LIMIT } from 'offline-audio-sync-contract';
import { coalesce } from '../coalesce.ts';
import type { Job, JobFile } from '../data/model.ts';
import { filePageOf, type FilePage } from './documents.ts';
import { liveQuery, readAll, type Live } from './store.ts';

/** Recordings by job id. */
export type FilesByJob = ReadonlyMap<string, readonly JobFile[]>;

export interface KnownFiles {
  readonly files: FilesByJob;
  /** Whether some come from this device's cache, because the service was not reached. They may be all, a part or none. */
  readonly isKept: boolean;
}

/** Number of documents in one page of a query that is read once. */
const PAGE = 500;
/** Number of simultaneous queries for ended jobs. */
const AT_ONCE = 3;
/** Jobs that are read within this time are shown together, milliseconds. */
const SHOW_EVERY_MS = 500;

export class JobFiles {
  readonly #uid: string;
  /** Recordings of ended jobs by {@link keyOf}. They change only with a retry, after which the job ends at another time. */
  readonly #ended = new Map<string, readonly JobFile[]>();

  constructor(uid: string) {
    this.#uid = uid;
  }

  /** @param next called with all that is known so far @returns a function that ends it */
  watch(jobs: readonly Job[], next: (known: KnownFiles) => void, failed: (error: Error) => void): () => void {
    const files = new Map<string, readonly JobFile[]>();
    let isOver = false;
    let isKept = false;
    const show = coalesce(() => {
      if (!isOver) next({ files: new Map(files), isKept });
    }, SHOW_EVERY_MS);
    const put = (job: Job, found: readonly JobFile[]): void => {
      files.set(job.id, found);
      show();
      if (files.size === jobs.length) show.flush();
    };
    const queue: Job[] = [];
    for (const job of jobs) {
      const known = this.#ended.get(keyOf(job));
      if (known !== undefined) put(job, known);
      else if (isFinished(job.status)) queue.push(job);
    }
    const readNext = async (): Promise<void> => {
      while (queue.length > 0 && !isOver) {
        // One query reads many jobs, because each query takes a slow processor some time.
        const some = queue.splice(0, MAX_JOBS_OF_A_QUERY);
        const { value: found, fromCache } = await this.#read(some);
        isKept ||= fromCache;
        for (const job of some) {
          const recordings = found.get(job.id) ?? [];
          // Every job has recordings, so an empty answer from the cache means that they are not known.
          if (fromCache && recordings.length === 0) show();
          else put(job, recordings);
        }
      }
    };
    for (let lane = 0; lane < AT_ONCE; lane++) readNext().catch(failed);
    const live = jobs
      .filter(({ status }) => !isFinished(status))
      .map((job) =>
        liveQuery(filesOfJobs(this.#uid, job.id, NO_LIMIT), filePageOf)(({ value }) => {
          put(job, filesIn(value));
        }, failed),
      );
    return () => {
      isOver = true;
      for (const stop of live) stop();
    };
  }

  async #read(jobs: readonly Job[]): Promise<Live<FilesByJob>> {
    const ids = jobs.map(({ id }) => id);
    const { value, fromCache } = await readAll(filesOfJobs(this.#uid, ids, PAGE), filePageOf);
    const files = new Map(ids.map((id) => [id, filesIn(value.filter(({ jobId }) => jobId === id))]));
    if (!fromCache) for (const job of jobs) this.#ended.set(keyOf(job), files.get(job.id) ?? []);
    return { value: files, fromCache };
  }
}

const keyOf = ({ id, finishedAt }: Job): string => `${id}/${finishedAt ?? ''}`;

const filesIn = (pages: readonly FilePage[]): JobFile[] => pages.flatMap(({ files }) => files);
