/** The job documents in Firestore. Nothing else reads or writes `offline_sync_jobs`. */
import { isDeepStrictEqual } from 'node:util';
import { FieldPath, Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Query, Transaction } from 'firebase-admin/firestore';
import { filesOf, paged } from './files.ts';
import type { Rejected } from 'offline-audio-sync-contract';
import type { FileProblem } from '../errors.ts';
import { JOBS, MAX_LISTED_FAILURES } from './job.ts';
import type { Job, JobFile, JobStatus, Progress } from './job.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import { ACTIVE_STATUSES, assertTransition, isFinished } from './stateMachine.ts';
import { totalsOf } from './totals.ts';

/** The fields that a write may change: all but the job's owner and times that the store sets. */
export type JobChange = Partial<Omit<Job, 'uid' | 'createdAt' | 'updatedAt'>>;

/** The fields that a list reads of each job. */
const SUMMARY_FIELDS = [
  'status',
  'deviceId',
  'progress',
  'ledger',
  'newConversationIds',
  'updatedConversationIds',
  'failures',
  'waitingFor',
  'createdAt',
  'updatedAt',
  'finishedAt',
  'acknowledgedAt',
  'expiresAt',
] as const satisfies readonly (keyof Job)[];

export type JobSummary = Pick<Job, (typeof SUMMARY_FIELDS)[number]>;

export interface JobPage {
  readonly jobs: readonly { readonly id: string; readonly job: JobSummary }[];
  /** Opaque; null on the last page. */
  readonly nextPageToken: string | null;
}

export interface JobQuery {
  readonly uid: string;
  readonly status?: JobStatus;
  readonly limit: number;
  readonly pageToken?: string;
}

export class JobStore {
  readonly #db: Firestore;
  readonly #now: () => number;

  /** @param now Unix milliseconds. */
  constructor(db: Firestore, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  newId(): string {
    return this.#jobs().doc().id;
  }

  ref(jobId: string): DocumentReference<Job> {
    return this.#jobs().doc(jobId);
  }

  /** Writes a new job with its recordings. Returns false, and writes nothing, when the id is taken. */
  async create(jobId: string, { job, files }: NewJob): Promise<boolean> {
    const batch = this.#db.batch();
    batch.create(this.ref(jobId), job);
    for (const [ref, page] of this.#newPages(jobId, { job, files })) batch.set(ref, page);
    try {
      await batch.commit();
      return true;
    } catch (error) {
      if (alreadyExists(error)) return false;
      throw error;
    }
  }

  /**
   * Replaces an ended job by a new one with the same id, which follows from the Idempotency-Key.
   * @returns the new job; null, with nothing written, if the old one has changed since it was read.
   */
  async replace(jobId: string, ended: Job, { job, files }: NewJob): Promise<Job | null> {
    return this.#db.runTransaction(async (tx) => {
      const current = (await tx.get(this.ref(jobId))).data();
      if (current?.updatedAt.isEqual(ended.updatedAt) !== true) return null;
      // A higher epoch, so that tasks of the old job are dropped.
      const begun = { ...job, epoch: current.epoch + 1 };
      tx.set(this.ref(jobId), begun);
      for (const [ref, page] of this.#newPages(jobId, { job, files })) tx.set(ref, page);
      return begun;
    });
  }

  async get(jobId: string): Promise<Job | null> {
    return (await this.ref(jobId).get()).data() ?? null;
  }

  /**
   * The way a job changes: reads it, asks `decide` for the change, checks a change of status against the table of transitions, and
   * writes, all in one transaction. `decide` may run several times and must not have effects of its own; it may use the transaction for
   * other documents, reads before writes. If it creates a document that another caller has created meanwhile, `decide` runs again. If
   * the answer to a commit was lost, the SDK repeats a transaction that was written; then `decide` is not asked again. If two callers
   * write the same change in the same millisecond, each counts it as its own, and what follows (enqueue, push) may happen twice.
   * @returns the job as it is afterwards; null when there is no such job.
   */
  async update(
    jobId: string,
    decide: (job: Job, tx: Transaction) => JobChange | null | Promise<JobChange | null>,
  ): Promise<Job | null> {
    let written: Job | null = null;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#db.runTransaction(async (tx) => {
          const job = (await tx.get(this.ref(jobId))).data();
          if (job === undefined) return null;
          if (isDeepStrictEqual(job, written)) return job;
          const change = await decide(job, tx);
          if (change === null) return job;
          written = this.write(tx, jobId, job, change);
          return written;
        });
      } catch (error) {
        if (!alreadyExists(error) || tries === CREATING_TRIES) throw error;
      }
    }
  }

  /** Writes a change of a job that was read in the same transaction. */
  write(tx: Transaction, jobId: string, job: Job, change: JobChange): Job {
    if (change.status !== undefined && change.status !== job.status) assertTransition(job.status, change.status);
    const written = { ...change, updatedAt: Timestamp.fromMillis(this.#now()) };
    tx.update(this.ref(jobId), written);
    return { ...job, ...written };
  }

  /**
   * Deletes a job that never began: the one that was created at this time, if it is still `uploading`.
   * @returns true if no job has this id now, even if another caller deleted it.
   */
  async discard(jobId: string, createdAt: Timestamp): Promise<boolean> {
    return this.#db.runTransaction(async (tx) => {
      const job = (await tx.get(this.ref(jobId))).data();
      if (job === undefined) return true;
      if (job.status !== 'uploading' || !job.createdAt.isEqual(createdAt)) return false;
      for (const page of job.filePages.keys()) tx.delete(filesOf(this.#db, jobId).doc(String(page)));
      tx.delete(this.ref(jobId));
      return true;
    });
  }

  /** Deletes a finished job that has expired. Returns false if it was not deleted: a retry by the user may have renewed it. */
  async deleteExpired(jobId: string): Promise<boolean> {
    return this.#db.runTransaction(async (tx) => {
      const job = (await tx.get(this.ref(jobId))).data();
      if (job === undefined || !isFinished(job.status) || job.expiresAt.toMillis() > this.#now()) return false;
      tx.delete(this.ref(jobId));
      return true;
    });
  }

  /** Jobs by id. Unknown ids are left out. */
  async getAll(jobIds: readonly string[]): Promise<Map<string, Job>> {
    if (jobIds.length === 0) return new Map();
    const docs = await this.#db.getAll(...jobIds.map((jobId) => this.ref(jobId)));
    return new Map(docs.flatMap((doc) => (doc.exists ? [[doc.id, doc.data() as Job]] : [])));
  }

  /** Counts a user's jobs with these statuses, up to a number. */
  async countActive(uid: string, upTo: number, statuses: readonly JobStatus[] = ACTIVE_STATUSES): Promise<number> {
    const active = this.#jobs().where('uid', '==', uid).where('status', 'in', statuses);
    return (await active.select().limit(upTo).get()).size;
  }

  /** A user's jobs, newest first. @throws AppError `invalid_request` when the page token is not one of ours. */
  async list({ uid, status, limit, pageToken }: JobQuery): Promise<JobPage> {
    let query = this.#jobs().where('uid', '==', uid);
    if (status !== undefined) query = query.where('status', '==', status);
    query = query.orderBy('createdAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
    if (pageToken !== undefined) {
      const { createdAt, jobId } = decodePageToken(pageToken);
      query = query.startAfter(createdAt, jobId);
    }
    const { docs } = await (query.select(...SUMMARY_FIELDS) as Query<JobSummary>).limit(limit + 1).get();
    const jobs = docs.slice(0, limit).map((doc) => ({ id: doc.id, job: doc.data() }));
    const last = jobs.at(-1);
    const hasMore = docs.length > limit && last !== undefined;
    return {
      jobs,
      nextPageToken: hasMore ? encodePageToken({ createdAt: last.job.createdAt, jobId: last.id }) : null,
    };
  }

  /** The pages of a new job. They overwrite pages that an earlier job with this id may have left. */
  #newPages(jobId: string, { job: { uid, expiresAt }, files }: NewJob) {
    const pages = filesOf(this.#db, jobId);
    return paged(files).pages.map((page, i) => [pages.doc(String(i)), { uid, jobId, files: page, expiresAt }] as const);
  }

  #jobs(): CollectionReference<Job> {
    return this.#db.collection(JOBS) as CollectionReference<Job>;
  }
}

/** A new job and its recordings. */
export interface NewJob {
  readonly job: Job;
  readonly files: readonly JobFile[];
}

export interface JobRequest {
  readonly uid: string;
  readonly deviceId: string;
  readonly files: readonly JobFile[];
  readonly upload: Job['upload'];
  /** The upload ends after this long without an arrival, milliseconds. */
  readonly uploadExpiryMs: number;
  readonly conversationId: string | null;
  readonly contentHash: string | null;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** How long the job is kept, milliseconds from now. */
  readonly retentionMs: number;
  /** Problems of recordings of the same request that did not become part of the job. */
  readonly rejected?: readonly FileProblem[];
}

/** A new job, which waits for its recordings to be staged. */
export function newJob(request: JobRequest): NewJob {
  const { uid, deviceId, files, upload, uploadExpiryMs, conversationId, contentHash, nowMs, retentionMs } = request;
  const { rejected = [] } = request;
  const now = Timestamp.fromMillis(nowMs);
  const job: Job = {
    uid,
    deviceId,
    status: 'uploading',
    upload,
    filePages: paged(files).filePages,
    ...totalsOf(files),
    progress: queuedProgress(files.length),
    attempts: 0,
    deferrals: 0,
    reading: null,
    lease: null,
    waitingFor: {
      reason: 'uploads',
      message: 'Waiting for the recordings to arrive.',
      until: Timestamp.fromMillis(nowMs + uploadExpiryMs),
    },
    conversationId,
    conversationIds: [],
    newConversationIds: [],
    updatedConversationIds: [],
    usage: { requests: 0, billedSeconds: 0 },
    epoch: 0,
    contentHash,
    notifiedAt: null,
    acknowledgedAt: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    expiresAt: Timestamp.fromMillis(nowMs + retentionMs),
    ...(rejected.length > 0 && { rejected: rejectedOf(rejected) }),
  };
  return { job, files };
}

function rejectedOf(problems: readonly FileProblem[]): Rejected {
  const first = problems.slice(0, MAX_LISTED_FAILURES).map((problem) => ({ ...problem, retryable: false }));
  return { count: problems.length, first };
}

export function queuedProgress(filesTotal: number): Progress {
  return { stage: 'queued', percent: 0, filesDone: 0, filesTotal, chunksDone: 0, chunksPlanned: 0 };
}

/** `waitingFor` of a job whose recordings are staged. */
export const WAITING_IN_QUEUE = { reason: 'queue', message: 'Waiting for a worker.', until: null } as const;

/** The change that puts a job back into the queue. Its earlier tasks are dropped, and its worker cannot write anything more. */
export function backInQueue({ epoch }: Pick<Job, 'epoch'>) {
  return { status: 'pending', lease: null, epoch: epoch + 1, waitingFor: WAITING_IN_QUEUE } as const;
}

/** The change for a job that begins again or has made progress. */
export const NO_ATTEMPTS = { attempts: 0, reading: null } as const;

/** Tries of an update that finds that another caller has just created the document. */
const CREATING_TRIES = 5;

/** By the gRPC status. */
function alreadyExists(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 6;
}
