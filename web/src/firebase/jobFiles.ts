/** The recordings of jobs, which are documents apart: those of jobs under way live, those of ended jobs once. */
import { filesOfJobs, isFinished, MAX_JOBS_OF_A_QUERY, NO_LIMIT } from 'offline-audio-sync-contract';
import { coalesce } from '../coalesce.ts';
import type { Job, JobFile } from '../data/model.ts';
import { filePageOf, type FilePage } from './documents.ts';
import { liveQuery, readAll, type Live } from './store.ts';

/** Recordings by job. */
export type FilesByJob = ReadonlyMap<string, readonly JobFile[]>;

export interface KnownFiles {
  readonly files: FilesByJob;
  /** There was no service, so that some are what this device has kept: all of them, a part, or none. */
  readonly isKept: boolean;
}

/** Documents on one page of what is read once. */
const PAGE = 500;
/** Queries for ended jobs that are under way at once. */
const AT_ONCE = 3;
/** Jobs come one by one: they are shown together, milliseconds. */
const SHOW_EVERY_MS = 500;

export class JobFiles {
  readonly #uid: string;
  /** Of ended jobs, by {@link keyOf}: they change only with a retry, which ends at another time. */
  readonly #ended = new Map<string, readonly JobFile[]>();

  constructor(uid: string) {
    this.#uid = uid;
  }

  /** @param next gets all that is known so far. @returns how to end it */
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
        // Each query is some work, for a slow processor above all: many jobs are one.
        const some = queue.splice(0, MAX_JOBS_OF_A_QUERY);
        const { value: found, fromCache } = await this.#read(some);
        isKept ||= fromCache;
        for (const job of some) {
          const recordings = found.get(job.id) ?? [];
          // Every job has recordings: without the service, none is no answer.
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
