/**
 * Which recordings a user has sent, by content: `users/{uid}/recordings/{recordingId}`. The same audio, sent again under any name and
 * in any job, is one recording.
 *
 * A job claims a recording before it works on it. The transaction that makes the recording final marks it done, or opens it for other
 * jobs if it failed. The claim of an ended job is void, so no claim has to be released when a job fails or is deleted.
 */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type {
  CollectionReference,
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Transaction,
} from 'firebase-admin/firestore';
import { recordingId } from '../audio/read/identity.ts';
import { MOST_IN_QUERY, readExisting } from './existing.ts';
import type { Job, JobFile } from './job.ts';
import { claimOf, knowsTime, originalOf, timesOf } from './recordingEntry.ts';
import type { Claim, KnownRecording, Original, RecordingEntry } from './recordingEntry.ts';
import type { JobStore } from './store.ts';

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

  /**
   * Finds, without a claim, files whose audio is done already: by name, with the place of the original. Leaves out files that come at a
   * new time, because these correct a date.
   */
  async findDone(
    uid: string,
    files: readonly Pick<JobFile, 'name' | 'md5' | 'size' | 'startedAt'>[],
  ): Promise<Map<string, Original>> {
    const known = files.filter(({ md5 }) => md5 !== null);
    if (known.length === 0) return new Map();
    const idOf = (file: (typeof known)[number]): string => this.#ref(uid, file).id;
    const entries = await readExisting(this.#recordings(uid), known.map(idOf));
    return new Map(
      known.flatMap((file) => {
        const { name, startedAt } = file;
        const entry = entries.get(idOf(file));
        const isDone = entry?.state === 'done' && knowsTime(entry, startedAt);
        return isDone ? [[name, originalOf(entry)]] : [];
      }),
    );
  }

  /**
   * Prepares, within a transaction that read the job, to claim recordings for it. Reads; `write` writes. A recording that is not known
   * is claimed by creating its entry: if another job has done so meanwhile, the transaction fails (`ALREADY_EXISTS`), and
   * {@link JobStore.update} begins again.
   * @returns the claims by file name. Pass them to `write`, changed or not: the caller may claim a duplicate that it must read.
   */
  async prepareClaims(
    tx: Transaction,
    jobId: string,
    uid: string,
    files: readonly JobFile[],
  ): Promise<{ readonly claims: Map<string, Claim>; readonly write: (claims: ReadonlyMap<string, Claim>) => void }> {
    if (files.length === 0) return { claims: new Map(), write: () => undefined };
    const refs = files.map((file) => this.#ref(uid, file));
    const ids = refs.map(({ id }) => id);
    const known = [...(await readExisting(this.#recordings(uid), ids)).keys()].map((id) =>
      this.#recordings(uid).doc(id),
    );
    const found = known.length === 0 ? [] : await tx.getAll(...known);
    const byId = new Map(found.map((doc) => [doc.id, doc.data()]));
    const entries = ids.map((id) => byId.get(id));
    const owners = await this.#otherOwners(tx, jobId, entries);
    const claims = new Map(
      files.map((file, i) => [file.name, claimOf(file, refs[i]?.id ?? '', entries[i], jobId, owners)]),
    );
    return {
      claims,
      write: (final) => {
        // Identical bytes may occur twice in one job.
        const created = new Set<string>();
        for (const [i, file] of files.entries()) {
          const [ref, entry, claim] = [refs[i], entries[i], final.get(file.name)];
          if (ref === undefined || claim === undefined || claim.kind === 'wait') continue;
          if (claim.kind === 'ours' && entry?.jobId !== jobId) {
            const { startedAt } = claim;
            const times = timesOf(entry, file.startedAt, startedAt);
            const claimed = this.#entry(jobId, { ...file, startedAt }, 'claimed', times);
            if (entry !== undefined) tx.set(ref, claimed);
            else if (!created.has(ref.id)) tx.create(ref, claimed);
            created.add(ref.id);
          } else if (claim.kind === 'duplicate' && claim.shift !== null && entry !== undefined) {
            tx.set(ref, { ...entry, startedAt: file.startedAt, startTimes: timesOf(entry, file.startedAt) });
          }
        }
      },
    };
  }

  /**
   * Prepares, within a transaction, the entries of recordings that become final: done, or open for other jobs if they failed. Reads;
   * the returned function writes.
   */
  async prepareFinal(tx: Transaction, jobId: string, uid: string, files: readonly JobFile[]): Promise<() => void> {
    const failed = files.filter(({ state }) => state === 'failed');
    const refs = failed.map((file) => this.#ref(uid, file));
    const entries = refs.length === 0 ? [] : (await tx.getAll(...refs)).map((doc) => doc.data());
    return () => {
      for (const [i, file] of failed.entries()) {
        const [ref, entry] = [refs[i], entries[i]];
        // The same bytes may be done under another name in this job.
        if (ref === undefined || entry?.state !== 'claimed' || entry.jobId !== jobId) continue;
        tx.set(ref, this.#entry(jobId, file, 'open', timesOf(entry, file.startedAt)));
      }
      for (const file of files) {
        if (file.state === 'failed') continue;
        // Merged, so that its earlier times need not be read.
        const startTimes = FieldValue.arrayUnion(file.startedAt.toMillis());
        tx.set(this.#ref(uid, file), { ...this.#entry(jobId, file, 'done', []), startTimes }, { merge: true });
      }
    };
  }

  /** The entries of these files, by name, within a transaction. Files without an entry are left out. */
  async read(tx: Transaction, uid: string, files: readonly JobFile[]): Promise<Map<string, KnownRecording>> {
    const arrived = files.filter(({ md5 }) => md5 !== null);
    const idOf = new Map(arrived.map((file) => [file.name, this.#ref(uid, file).id]));
    const known = new Map((await this.byIds(tx, uid, [...idOf.values()])).map((each) => [each.id, each]));
    return new Map(
      [...idOf].flatMap(([name, id]): [string, KnownRecording][] => {
        const found = known.get(id);
        return found === undefined ? [] : [[name, found]];
      }),
    );
  }

  /** Recordings that were sent under these names, in any job. @param most stops when it has found this many */
  async named(tx: Transaction, uid: string, names: readonly string[], most: number): Promise<KnownRecording[]> {
    const found: KnownRecording[] = [];
    for (let from = 0; from < names.length && found.length < most; from += MOST_IN_QUERY) {
      const query = this.#recordings(uid)
        .where('file', 'in', names.slice(from, from + MOST_IN_QUERY))
        .limit(most);
      found.push(...(await tx.get(query)).docs.flatMap(knownIn));
    }
    return found;
  }

  /** Recordings by id. Unknown ids are left out. */
  async byIds(tx: Transaction, uid: string, ids: readonly string[]): Promise<KnownRecording[]> {
    const docs = ids.length === 0 ? [] : await tx.getAll(...ids.map((id) => this.#recordings(uid).doc(id)));
    return docs.flatMap(knownIn);
  }

  /** Writes that a recording lies at another time. */
  redate(tx: Transaction, uid: string, { id, entry }: KnownRecording, toMs: number): void {
    const startedAt = Timestamp.fromMillis(toMs);
    tx.set(this.#recordings(uid).doc(id), { ...entry, startedAt, startTimes: timesOf(entry, startedAt) });
  }

  /** Writes where a recording lies that no job has claimed yet. @param file with its new date. @param before its date so far. */
  announce(tx: Transaction, uid: string, jobId: string, file: JobFile, before: Timestamp): void {
    if (file.md5 === null) return;
    tx.set(this.#ref(uid, file), this.#entry(jobId, file, 'open', timesOf(undefined, before, file.startedAt)));
  }

  /** The other jobs that have claims. Deleted jobs are left out. */
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

  #entry(
    jobId: string,
    { name, deviceId, startedAt, durationSeconds }: JobFile,
    state: RecordingEntry['state'],
    startTimes: readonly number[],
  ): RecordingEntry {
    const now = this.#now();
    return {
      jobId,
      file: name,
      state,
      deviceId,
      startedAt,
      startTimes,
      durationSeconds: state === 'claimed' ? null : durationSeconds,
      updatedAt: Timestamp.fromMillis(now),
      expiresAt: Timestamp.fromMillis(now + KEPT_MS),
    };
  }

  #ref(uid: string, { md5, size }: Pick<JobFile, 'md5' | 'size'>): DocumentReference<RecordingEntry> {
    if (md5 === null) throw new Error('A recording that has not arrived has no identity yet.');
    return this.#recordings(uid).doc(recordingId(uid, md5, size));
  }

  #recordings(uid: string): CollectionReference<RecordingEntry> {
    return this.#db.collection(`users/${uid}/recordings`) as CollectionReference<RecordingEntry>;
  }
}

function knownIn(doc: DocumentSnapshot<RecordingEntry>): KnownRecording[] {
  const entry = doc.data();
  return entry === undefined ? [] : [{ id: doc.id, entry }];
}
