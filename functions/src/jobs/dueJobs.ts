/** Jobs that need help: the sweeper's queries on `offline_sync_jobs`. */
import { FieldPath, Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Query } from 'firebase-admin/firestore';
import { JOBS } from './job.ts';
import type { Job, JobStatus } from './job.ts';

/** The fields that the sweeper reads of each job. */
const DUE_FIELDS = [
  'uid',
  'status',
  'upload',
  'fileCounts',
  'epoch',
  'lease',
  'waitingFor',
  'createdAt',
  'updatedAt',
  'finishedAt',
  'expiresAt',
] as const satisfies readonly (keyof Job)[];

export type DueJob = Pick<Job, (typeof DUE_FIELDS)[number]>;

/** Jobs ordered by one of their times, oldest first, then by id. */
export interface DueQuery {
  readonly query: Query<DueJob>;
  /** The time that the query is ordered by; never null for a job that it found. */
  readonly at: (job: DueJob) => Timestamp | null;
}

export class DueJobs {
  readonly #db: Firestore;

  constructor(db: Firestore) {
    this.#db = db;
  }

  /** Jobs that were not written since then. A worker writes its job with every heartbeat. @param beforeMs Unix milliseconds. */
  still(status: JobStatus, beforeMs: number): DueQuery {
    return inOrder('updatedAt', this.#due().where('status', '==', status).where('updatedAt', '<=', at(beforeMs)));
  }

  /** Jobs in this state that wait until then or an earlier time. */
  overdue(status: JobStatus, beforeMs: number): DueQuery {
    const jobs = this.#due().where('status', '==', status);
    return inOrder('waitingFor.until', jobs.where('waitingFor.until', '<=', at(beforeMs)));
  }

  /** Jobs in one of these states that were created then or earlier. */
  begun(statuses: readonly JobStatus[], beforeMs: number): DueQuery {
    return inOrder('createdAt', this.#due().where('status', 'in', statuses).where('createdAt', '<=', at(beforeMs)));
  }

  /** Jobs that ended then or earlier and are not wrapped up. */
  notWrappedUp(beforeMs: number): DueQuery {
    return inOrder('finishedAt', this.#due().where('notifiedAt', '==', null).where('finishedAt', '<=', at(beforeMs)));
  }

  /** Jobs that ended then or later. */
  ended(sinceMs: number): DueQuery {
    return inOrder('finishedAt', this.#due().where('finishedAt', '>=', at(sinceMs)));
  }

  /** Jobs that have expired. */
  expired(nowMs: number): DueQuery {
    return inOrder('expiresAt', this.#due().where('expiresAt', '<=', at(nowMs)));
  }

  /** A user's unfinished uploads that are labelled with this device and were created then or earlier. */
  async uploadsOf(uid: string, deviceId: string, beforeMs: number): Promise<Map<string, DueJob>> {
    const { docs } = await this.#due()
      .where('uid', '==', uid)
      .where('deviceId', '==', deviceId)
      .where('status', '==', 'uploading')
      .get();
    const due = docs.filter((doc) => doc.data().createdAt.toMillis() <= beforeMs);
    return new Map(due.map((doc) => [doc.id, doc.data()]));
  }

  /** Some of a user's jobs, in any state. @param before only jobs that were created before this; null for all. */
  async someOf(uid: string, before: Timestamp | null, limit: number): Promise<DocumentReference[]> {
    const jobs = this.#jobs().where('uid', '==', uid);
    const old = before === null ? jobs : jobs.where('createdAt', '<', before).orderBy('createdAt', 'desc');
    const { docs } = await old.select().limit(limit).get();
    return docs.map(({ ref }) => ref);
  }

  #due(): Query<DueJob> {
    return this.#jobs().select(...DUE_FIELDS) as Query<DueJob>;
  }

  #jobs(): CollectionReference<Job> {
    return this.#db.collection(JOBS) as CollectionReference<Job>;
  }
}

const at = (ms: number): Timestamp => Timestamp.fromMillis(ms);

type DueTime = 'updatedAt' | 'waitingFor.until' | 'createdAt' | 'finishedAt' | 'expiresAt';

function inOrder(time: DueTime, jobs: Query<DueJob>): DueQuery {
  const query = jobs.orderBy(time).orderBy(FieldPath.documentId());
  return { query, at: (job) => (time === 'waitingFor.until' ? (job.waitingFor?.until ?? null) : job[time]) };
}
