/**
 * Which recordings a user has sent, by content: `users/{uid}/recordings/{recordingId}`. It makes the same audio, sent again
 * under any name and in any job, one recording.
 *
 * A job claims a recording before it works on it; the transaction that makes the recording final marks it done, or removes
 * the claim where it failed. A claim whose job has ended is void, so nothing has to be released when a job fails or goes away.
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
import { existing, MOST_IN_QUERY } from './existing.ts';
import type { FileRef, Job, JobFile } from './job.ts';
import { isFinished } from './stateMachine.ts';
import type { JobStore } from './store.ts';

export interface RecordingEntry extends FileRef {
  /** `open`: the next job that brings the recording may claim it. */
  readonly state: 'claimed' | 'done' | 'open';
  readonly deviceId: string;
  /** Where it lies on its device's time axis. */
  readonly startedAt: Timestamp;
  /** The times under which it came, or was put by a correction, Unix milliseconds: sent again at one of these, it stays where it is. */
  readonly startTimes: readonly number[];
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
  /** `startedAt`: where it belongs, which may be another time than its name says, after a correction. */
  | { readonly kind: 'ours'; readonly startedAt: Timestamp; readonly shift: RecordingShift | null }
  /** Final: the audio is done in another job. With a shift its date was wrong there: this is the correction. */
  | ({ readonly kind: 'duplicate'; readonly shift: RecordingShift | null } & Original)
  /** Another job has the claim. `untilMs`: until when that one waits itself, Unix milliseconds; null if it does not. */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

/** A recording that goes to another time of its device. */
export interface RecordingShift {
  readonly recordingId: string;
  readonly deviceId: string;
  /** Where it lies, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null where it was not read to its end. */
  readonly durationSeconds: number | null;
  /** Whose entry it was. */
  readonly ref: FileRef;
}

/** A recording that a job has claimed, by its id. */
export interface KnownRecording {
  readonly id: string;
  readonly entry: RecordingEntry;
}

/** Times of one recording that are remembered. */
const MOST_START_TIMES = 20;

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
   * Those files whose audio is done already, by name, and where: a look without a claim. Unknown bytes are not found, nor is what
   * comes at a time that is new: that corrects its date.
   */
  async findDone(
    uid: string,
    files: readonly Pick<JobFile, 'name' | 'md5' | 'size' | 'startedAt'>[],
  ): Promise<Map<string, Original>> {
    const known = files.filter(({ md5 }) => md5 !== null);
    if (known.length === 0) return new Map();
    const idOf = (file: (typeof known)[number]): string => this.#ref(uid, file).id;
    const entries = await existing(this.#recordings(uid), known.map(idOf));
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
   * @returns the claims by file name. `write` takes them as they are in the end: the caller may claim a duplicate that it has to read.
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
    const known = [...(await existing(this.#recordings(uid), ids)).keys()].map((id) => this.#recordings(uid).doc(id));
    const found = known.length === 0 ? [] : await tx.getAll(...known);
    const byId = new Map(found.map((doc) => [doc.id, doc.data()]));
    const entries = ids.map((id) => byId.get(id));
    const owners = await this.#otherOwners(tx, jobId, entries);
    const claims = new Map(
      files.map((file, i) => [file.name, decide(file, refs[i]?.id ?? '', entries[i], jobId, owners)]),
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
   * Prepares, within a transaction, the entries of recordings that become final: done, or free for another job where they
   * failed. Reads; the returned function writes.
   */
  async prepareFinal(tx: Transaction, jobId: string, uid: string, files: readonly JobFile[]): Promise<() => void> {
    const failed = files.filter(({ state }) => state === 'failed');
    const refs = failed.map((file) => this.#ref(uid, file));
    const entries = refs.length === 0 ? [] : (await tx.getAll(...refs)).map((doc) => doc.data());
    return () => {
      for (const [i, file] of failed.entries()) {
        const [ref, entry] = [refs[i], entries[i]];
        // The same bytes may be done as another recording of this job.
        if (ref === undefined || entry?.state !== 'claimed' || entry.jobId !== jobId) continue;
        tx.set(ref, this.#entry(jobId, file, 'open', timesOf(entry, file.startedAt)));
      }
      for (const file of files) {
        if (file.state === 'failed') continue;
        // Merged, so that the times under which it came before need not be read.
        const startTimes = FieldValue.arrayUnion(file.startedAt.toMillis());
        tx.set(this.#ref(uid, file), { ...this.#entry(jobId, file, 'done', []), startTimes }, { merge: true });
      }
    };
  }

  /** Those of the files that are known, by name, within a transaction. */
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

  /** The recordings that came under some of these names, in any job. @param most looks for no more when it has as many */
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

  /** Recordings by their ids, those of them that are known. */
  async byIds(tx: Transaction, uid: string, ids: readonly string[]): Promise<KnownRecording[]> {
    const docs = ids.length === 0 ? [] : await tx.getAll(...ids.map((id) => this.#recordings(uid).doc(id)));
    return docs.flatMap(knownIn);
  }

  /** Writes that a recording belongs to another time. */
  redate(tx: Transaction, uid: string, { id, entry }: KnownRecording, toMs: number): void {
    const startedAt = Timestamp.fromMillis(toMs);
    tx.set(this.#recordings(uid).doc(id), { ...entry, startedAt, startTimes: timesOf(entry, startedAt) });
  }

  /** Writes where a recording belongs that no job has claimed yet. @param file with its new date. @param before its date so far. */
  announce(tx: Transaction, uid: string, jobId: string, file: JobFile, before: Timestamp): void {
    if (file.md5 === null) return;
    tx.set(this.#ref(uid, file), this.#entry(jobId, file, 'open', timesOf(undefined, before, file.startedAt)));
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

/** Identical bytes within one job, at two times, stay two recordings: identical silence, most likely. */
function decide(
  { startedAt }: JobFile,
  id: string,
  entry: RecordingEntry | undefined,
  jobId: string,
  owners: ReadonlyMap<string, Job>,
): Claim {
  if (entry === undefined || entry.jobId === jobId) return { kind: 'ours', startedAt, shift: null };
  const isKnownTime = knowsTime(entry, startedAt);
  const shift = isKnownTime ? null : shiftOf(id, entry, startedAt.toMillis());
  if (entry.state === 'done') return { kind: 'duplicate', ...originalOf(entry), shift };
  const owner = entry.state === 'claimed' ? owners.get(entry.jobId) : undefined;
  if (owner === undefined || isFinished(owner.status)) {
    return { kind: 'ours', startedAt: isKnownTime ? entry.startedAt : startedAt, shift };
  }
  // One that waits for its turn gets it when this job waits: until then is a guess that takes this one into account.
  const until = owner.waitingFor?.reason === 'earlier_jobs' ? null : owner.waitingFor?.until;
  return { kind: 'wait', untilMs: until?.toMillis() ?? null };
}

function knownIn(doc: DocumentSnapshot<RecordingEntry>): KnownRecording[] {
  const entry = doc.data();
  return entry === undefined ? [] : [{ id: doc.id, entry }];
}

/** Whether a recording has come at this time. */
function knowsTime({ startTimes }: RecordingEntry, startedAt: Timestamp): boolean {
  return startTimes.includes(startedAt.toMillis());
}

function shiftOf(id: string, entry: RecordingEntry, toMs: number): RecordingShift {
  const { deviceId, startedAt, durationSeconds, jobId, file } = entry;
  return { recordingId: id, deviceId, fromMs: startedAt.toMillis(), toMs, durationSeconds, ref: { jobId, file } };
}

/** The times of an entry with others, the newest last. */
function timesOf(entry: RecordingEntry | undefined, ...added: readonly Timestamp[]): number[] {
  const times = new Set([...(entry?.startTimes ?? []), ...added.map((time) => time.toMillis())]);
  return [...times].slice(-MOST_START_TIMES);
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
