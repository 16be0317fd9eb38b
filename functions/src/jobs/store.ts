/** The job documents in Firestore. Nothing else reads or writes `offline_sync_jobs`. */
import { FieldPath, Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Query, Transaction } from 'firebase-admin/firestore';
import { EMPTY_LEDGER } from 'offline-audio-sync-contract';
import { JOBS } from './job.ts';
import type { Job, JobFile, JobStatus, Progress } from './job.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import { ACTIVE_STATUSES, assertTransition, isFinished } from './stateMachine.ts';

/** What a write may change: everything but who the job belongs to and when it began. */
export type JobChange = Partial<Omit<Job, 'uid' | 'createdAt' | 'updatedAt'>>;

/**
 * What a list reads of each job. Never its files: with a thousand of them, a job takes 1.5 MB of a process's memory, and
 * requests run beside one another.
 */
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

  /** Writes a new job. Returns false, and writes nothing, when the id is taken. */
  async create(jobId: string, job: Job): Promise<boolean> {
    try {
      await this.ref(jobId).create(job);
      return true;
    } catch (error) {
      if (hasCode(error, ALREADY_EXISTS)) return false;
      throw error;
    }
  }

  async get(jobId: string): Promise<Job | null> {
    return (await this.ref(jobId).get()).data() ?? null;
  }

  /**
   * The way a job changes: reads it, asks `decide` for the change, holds a change of status against the table of
   * transitions, and writes, all in one transaction. `decide` may run several times and must not have effects of its own;
   * it may use the transaction for other documents, reads before writes.
   * @returns the job as it is afterwards; null when there is no such job.
   */
  async update(
    jobId: string,
    decide: (job: Job, tx: Transaction) => JobChange | null | Promise<JobChange | null>,
  ): Promise<Job | null> {
    return this.#db.runTransaction(async (tx) => {
      const job = (await tx.get(this.ref(jobId))).data();
      if (job === undefined) return null;
      const change = await decide(job, tx);
      return change === null ? job : this.write(tx, jobId, job, change);
    });
  }

  /**
   * {@link update} without locks, for a job that many write to at once: their transactions would wait for one another until
   * they time out. Here one of them wins, and the others look again.
   * @returns as {@link update}; `'conflict'`, with nothing written, when somebody else wrote since the job was read; `'unknown'`
   * when the answer did not come: it is written, or it is not.
   */
  async tryUpdate(jobId: string, decide: (job: Job) => JobChange | null): Promise<Job | null | 'conflict' | 'unknown'> {
    const doc = await this.ref(jobId).get();
    const job = doc.data();
    if (job === undefined || doc.updateTime === undefined) return null;
    const change = decide(job);
    if (change === null) return job;
    const written = this.#checked(job, change);
    try {
      await this.ref(jobId).update(written, { lastUpdateTime: doc.updateTime });
    } catch (error) {
      if (hasCode(error, CONFLICTS)) return 'conflict';
      if (hasCode(error, UNANSWERED)) return 'unknown';
      throw error;
    }
    return { ...job, ...written };
  }

  /** Writes a change of a job that was read in the same transaction. */
  write(tx: Transaction, jobId: string, job: Job, change: JobChange): Job {
    const written = this.#checked(job, change);
    tx.update(this.ref(jobId), written);
    return { ...job, ...written };
  }

  #checked(job: Job, change: JobChange): JobChange & Pick<Job, 'updatedAt'> {
    if (change.status !== undefined && change.status !== job.status) assertTransition(job.status, change.status);
    return { ...change, updatedAt: Timestamp.fromMillis(this.#now()) };
  }

  /**
   * Deletes a job that never began: the one created then, if it is still `uploading`.
   * @returns whether there is no job of this id any more, be it that somebody else deleted it.
   */
  async discard(jobId: string, createdAt: Timestamp): Promise<boolean> {
    return this.#db.runTransaction(async (tx) => {
      const job = (await tx.get(this.ref(jobId))).data();
      if (job === undefined) return true;
      if (job.status !== 'uploading' || !job.createdAt.isEqual(createdAt)) return false;
      tx.delete(this.ref(jobId));
      return true;
    });
  }

  /** Deletes a finished job whose time has passed. Returns whether it did: a retry by the user may have given it more time. */
  async deleteExpired(jobId: string): Promise<boolean> {
    return this.#db.runTransaction(async (tx) => {
      const job = (await tx.get(this.ref(jobId))).data();
      if (job === undefined || !isFinished(job.status) || job.expiresAt.toMillis() > this.#now()) return false;
      tx.delete(this.ref(jobId));
      return true;
    });
  }

  /** Those of the jobs that exist. */
  async getAll(jobIds: readonly string[]): Promise<Map<string, Job>> {
    if (jobIds.length === 0) return new Map();
    const docs = await this.#db.getAll(...jobIds.map((jobId) => this.ref(jobId)));
    return new Map(docs.flatMap((doc) => (doc.exists ? [[doc.id, doc.data() as Job]] : [])));
  }

  /** How many of a user's jobs have not ended, or are at some of those statuses; counted up to a number. */
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

  #jobs(): CollectionReference<Job> {
    return this.#db.collection(JOBS) as CollectionReference<Job>;
  }
}

export interface NewJob {
  readonly uid: string;
  readonly deviceId: string;
  readonly files: readonly JobFile[];
  /** How long the recordings may take to come straight to Storage, milliseconds; null where the request itself brings them. */
  readonly arriveWithinMs: number | null;
  readonly conversationId: string | null;
  readonly contentHash: string | null;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** How long the job is kept, milliseconds from now. */
  readonly retentionMs: number;
}

/** A job as it begins: waiting for its recordings to be staged. */
export function newJob(job: NewJob): Job {
  const { uid, deviceId, files, arriveWithinMs, conversationId, contentHash, nowMs, retentionMs } = job;
  const now = Timestamp.fromMillis(nowMs);
  return {
    uid,
    deviceId,
    status: 'uploading',
    upload: arriveWithinMs === null ? 'multipart' : 'direct',
    files,
    progress: queuedProgress(files.length),
    ledger: EMPTY_LEDGER,
    attempts: 0,
    deferrals: 0,
    lease: null,
    waitingFor: {
      reason: 'uploads',
      message: 'Waiting for the recordings to arrive.',
      until: arriveWithinMs === null ? null : Timestamp.fromMillis(nowMs + arriveWithinMs),
    },
    conversationId,
    newConversationIds: [],
    updatedConversationIds: [],
    failures: [],
    usage: { requests: 0, billedSeconds: 0 },
    epoch: 0,
    contentHash,
    notifiedAt: null,
    acknowledgedAt: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    expiresAt: Timestamp.fromMillis(nowMs + retentionMs),
  };
}

export function queuedProgress(filesTotal: number): Progress {
  return { stage: 'queued', percent: 0, filesDone: 0, filesTotal, chunksDone: 0, chunksPlanned: 0 };
}

/** What a job waits for once its recordings are staged. */
export const WAITING_IN_QUEUE = { reason: 'queue', message: 'Waiting for a worker.', until: null } as const;

/** gRPC statuses NOT_FOUND (deleted since), FAILED_PRECONDITION (changed since) and ABORTED (somebody else is at it). */
const CONFLICTS: ReadonlySet<unknown> = new Set([5, 9, 10]);

/** CANCELLED (the emulator answers so now and then where writes meet), DEADLINE_EXCEEDED, INTERNAL and UNAVAILABLE. */
const UNANSWERED: ReadonlySet<unknown> = new Set([1, 4, 13, 14]);

const ALREADY_EXISTS: ReadonlySet<unknown> = new Set([6]);

function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  return error instanceof Error && 'code' in error && codes.has(error.code);
}
