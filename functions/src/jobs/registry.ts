/**
 * Which recordings a user has sent, by content: `users/{uid}/recordings/{recordingId}`. It makes the same audio, sent again
 * under any name and in any job, one recording.
 *
 * A job claims a recording before it works on it; the transaction that makes the recording final marks it done, or removes
 * the claim where it failed. A claim whose job has ended is void, so nothing has to be released when a job fails or goes away.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { recordingId } from '../audio/read/identity.ts';
import type { FileRef, Job, JobFile } from './job.ts';
import { isFinished } from './stateMachine.ts';
import type { JobStore } from './store.ts';

export interface RecordingEntry extends FileRef {
  readonly state: 'claimed' | 'done';
  /** Known when done. */
  readonly durationSeconds: number | null;
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
  | { readonly kind: 'ours' }
  /** Final: the audio is done in another job. */
  | ({ readonly kind: 'duplicate' } & Original)
  /** Another job has the claim. `untilMs`: until when that one waits itself, Unix milliseconds; null if it does not. */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

/** How long the same audio is recognised, milliseconds: longer than a device keeps recordings that it believes unsent. */
const KEPT_MS = 400 * 24 * 3600 * 1000;

export class RecordingRegistry {
  readonly #db: Firestore;
  readonly #jobs: JobStore;
  readonly #now: () => number;

  constructor(db: Firestore, jobs: JobStore, now: () => number = Date.now) {
    this.#db = db;
    this.#jobs = jobs;
    this.#now = now;
  }

  /** Those files whose audio is done already, by name, and where: a look without a claim. Unknown bytes are not found. */
  async findDone(
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
      const claim = decide(entry, jobId, owners);
      claims.set(file.name, claim);
      const ref = refs[i];
      if (claim.kind === 'ours' && ref !== undefined && entry?.jobId !== jobId) {
        tx.set(ref, this.#entry(jobId, file.name, 'claimed', null));
      }
    }
    return claims;
  }

  /**
   * Prepares, within a transaction, the entries of recordings that become final: done, or free for another job where they
   * failed. Reads; the returned function writes.
   */
  async prepareFinal(tx: Transaction, jobId: string, uid: string, files: readonly JobFile[]): Promise<() => void> {
    const failed = files.filter(({ state }) => state === 'failed').map((file) => this.#ref(uid, file));
    const entries = failed.length === 0 ? [] : await tx.getAll(...failed);
    return () => {
      for (const entry of entries) {
        // The same bytes may be done as another recording of this job.
        if (entry.data()?.state === 'claimed' && entry.data()?.jobId === jobId) tx.delete(entry.ref);
      }
      for (const file of files) {
        if (file.state === 'failed') continue;
        tx.set(this.#ref(uid, file), this.#entry(jobId, file.name, 'done', file.durationSeconds));
      }
    };
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
function decide(entry: RecordingEntry | undefined, jobId: string, owners: ReadonlyMap<string, Job>): Claim {
  if (entry === undefined || entry.jobId === jobId) return { kind: 'ours' };
  if (entry.state === 'done') return { kind: 'duplicate', ...originalOf(entry) };
  const owner = owners.get(entry.jobId);
  if (owner === undefined || isFinished(owner.status)) return { kind: 'ours' };
  // One that waits for its turn gets it when this job waits: until then is a guess that takes this one into account.
  const until = owner.waitingFor?.reason === 'earlier_jobs' ? null : owner.waitingFor?.until;
  return { kind: 'wait', untilMs: until?.toMillis() ?? null };
}

function originalOf({ jobId, file, durationSeconds }: RecordingEntry): Original {
  return { ref: { jobId, file }, durationSeconds };
}

/** A recording whose audio is done elsewhere: nothing is left to do for it. What this job transcribed of it stays speech. */
export function asDuplicate(file: JobFile, { ref, durationSeconds }: Original): JobFile {
  const seconds = file.durationSeconds ?? durationSeconds;
  return {
    ...file,
    state: 'duplicate',
    durationSeconds: seconds,
    duplicateSeconds: Math.max(0, (seconds ?? 0) - file.speechSeconds),
    failedSeconds: 0,
    refused: [],
    duplicateOf: ref,
    error: null,
  };
}
