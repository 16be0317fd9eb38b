/**
 * Which recordings a user has sent, by content: `users/{uid}/recordings/{recordingId}`. It is what makes the same audio,
 * sent again under whatever name and in whatever job, one recording.
 *
 * An entry is claimed by the job that works on it and final (`done`) once that job has settled it. A claim holds as long as
 * its job can still move and has not failed with this recording; after that anybody takes it over, so nothing has to be
 * released when a job fails or goes away. Without the second condition two jobs could each hold what has failed there and
 * wait for what the other holds, for ever.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { recordingId } from '../audio/read/identity.ts';
import type { FileRef, FileState, Job, JobFile } from './job.ts';
import { isFinished } from './stateMachine.ts';
import type { JobStore } from './store.ts';

export interface RecordingEntry extends FileRef {
  readonly state: 'claimed' | 'done';
  /** Known when done. */
  readonly durationSeconds: number | null;
  /** Jobs that had it before and failed, the latest first: what they transcribed of it is not asked for again. */
  readonly takenFrom?: readonly string[];
  readonly updatedAt: Timestamp;
  readonly expiresAt: Timestamp;
}

/** Audio that is done. */
export interface Original {
  readonly ref: FileRef;
  readonly durationSeconds: number | null;
}

/** What a job may do with one of its recordings. */
export type Claim =
  /** `takenFrom`: see {@link RecordingEntry}. */
  | { readonly kind: 'ours'; readonly takenFrom: readonly string[] }
  /** Final: the audio is done in another job. */
  | ({ readonly kind: 'duplicate' } & Original)
  /** Another job is working on the same audio: whether this is a duplicate shows when that one has settled it. */
  | { readonly kind: 'wait' };

/** How long the same audio is recognised, milliseconds: longer than a device keeps recordings that it believes unsent. */
const KEPT_MS = 400 * 24 * 3600 * 1000;

/** Earlier jobs of a recording that are remembered: chunks are looked for in each. */
const MAX_EARLIER_JOBS = 5;

export class IngestLedger {
  readonly #db: Firestore;
  readonly #jobs: JobStore;
  readonly #now: () => number;

  constructor(db: Firestore, jobs: JobStore, now: () => number = Date.now) {
    this.#db = db;
    this.#jobs = jobs;
    this.#now = now;
  }

  /** Those files whose audio is done already, by name, and where: a look without a claim. Unknown bytes are not found. */
  async settledElsewhere(
    uid: string,
    files: readonly Pick<JobFile, 'name' | 'md5' | 'size'>[],
  ): Promise<Map<string, Original>> {
    const known = files.filter(({ md5 }) => md5 !== null);
    if (known.length === 0) return new Map();
    const docs = await this.#db.getAll(...known.map((file) => this.#ref(uid, file)));
    const entries = docs.map((doc) => doc.data() as RecordingEntry | undefined);
    return new Map(
      known.flatMap(({ name }, i) => {
        const entry = entries[i];
        return entry?.state === 'done' ? [[name, originalOf(entry)]] : [];
      }),
    );
  }

  /**
   * Claims recordings for a job, within a transaction that read the job. Reads first, then writes.
   * @returns by file name.
   */
  async claim(tx: Transaction, jobId: string, uid: string, files: readonly JobFile[]): Promise<Map<string, Claim>> {
    if (files.length === 0) return new Map();
    const refs = files.map((file) => this.#ref(uid, file));
    const entries = (await tx.getAll(...refs)).map((doc) => doc.data());
    const owners = await this.#otherOwners(tx, jobId, entries);

    const claims = new Map<string, Claim>();
    for (const [i, file] of files.entries()) {
      const entry = entries[i];
      const claim = decide(entry, file, jobId, owners);
      claims.set(file.name, claim);
      const ref = refs[i];
      if (claim.kind === 'ours' && ref !== undefined && entry?.jobId !== jobId) {
        tx.set(ref, { ...this.#entry(jobId, file.name, 'claimed', null), takenFrom: claim.takenFrom });
      }
    }
    return claims;
  }

  /** Makes a recording final, within a transaction. */
  settle(tx: Transaction, jobId: string, uid: string, file: JobFile): void {
    tx.set(this.#ref(uid, file), this.#entry(jobId, file.name, 'done', file.durationSeconds));
  }

  /** The other jobs that hold claims, those of them that exist. */
  async #otherOwners(
    tx: Transaction,
    jobId: string,
    entries: readonly (RecordingEntry | undefined)[],
  ): Promise<Map<string, Job>> {
    const owners = new Set(
      entries.flatMap((entry) => (entry?.state === 'claimed' && entry.jobId !== jobId ? entry.jobId : [])),
    );
    if (owners.size === 0) return new Map();
    const docs = await tx.getAll(...[...owners].map((owner) => this.#jobs.ref(owner)));
    return new Map(
      docs.flatMap((doc): [string, Job][] => {
        const job = doc.data();
        return job === undefined ? [] : [[doc.id, job]];
      }),
    );
  }

  #entry(jobId: string, file: string, state: RecordingEntry['state'], durationSeconds: number | null): RecordingEntry {
    const now = this.#now();
    return {
      jobId,
      file,
      state,
      durationSeconds,
      updatedAt: Timestamp.fromMillis(now),
      expiresAt: Timestamp.fromMillis(now + KEPT_MS),
    };
  }

  #ref(uid: string, { md5, size }: Pick<JobFile, 'md5' | 'size'>): DocumentReference<RecordingEntry> {
    if (md5 === null) throw new Error('A recording that has not arrived has no identity yet.');
    const recordings = this.#db.collection(`users/${uid}/recordings`) as CollectionReference<RecordingEntry>;
    return recordings.doc(recordingId(uid, md5, size));
  }
}

/** Identical bytes within one job, at two times, stay two recordings: identical silence, most likely. */
function decide(
  entry: RecordingEntry | undefined,
  file: JobFile,
  jobId: string,
  owners: ReadonlyMap<string, Job>,
): Claim {
  if (entry === undefined) return { kind: 'ours', takenFrom: [] };
  const { takenFrom = [] } = entry;
  if (entry.jobId === jobId) return { kind: 'ours', takenFrom };
  if (entry.state === 'done') return { kind: 'duplicate', ...originalOf(entry) };
  if (isAt(owners.get(entry.jobId), file)) return { kind: 'wait' };
  const earlier = [entry.jobId, ...takenFrom].filter((earlierJob) => earlierJob !== jobId);
  return { kind: 'ours', takenFrom: earlier.slice(0, MAX_EARLIER_JOBS) };
}

/** Whether a job can still settle these bytes. */
function isAt(job: Job | undefined, { md5, size }: JobFile): boolean {
  if (job === undefined || isFinished(job.status)) return false;
  return job.files.some((file) => file.md5 === md5 && file.size === size && UNSETTLED.has(file.state));
}

const UNSETTLED: ReadonlySet<FileState> = new Set<FileState>(['expected', 'staged']);

function originalOf({ jobId, file, durationSeconds }: RecordingEntry): Original {
  return { ref: { jobId, file }, durationSeconds };
}

/** A recording whose audio is done elsewhere: nothing is left to do for it. */
export function asDuplicate(file: JobFile, { ref, durationSeconds }: Original): JobFile {
  return {
    ...file,
    state: 'duplicate',
    durationSeconds: file.durationSeconds ?? durationSeconds,
    speechSeconds: 0,
    failedSeconds: 0,
    unplannedFrom: null,
    duplicateOf: ref,
    error: null,
  };
}
