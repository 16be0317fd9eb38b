/** Decides in one transaction which recordings a correction of dates moves, and where to. `redate.ts` carries it out. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Query, Transaction } from 'firebase-admin/firestore';
import { requirePlausibleTime } from '../audio/read/name.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { conversationsOf, segmentPagesOf, transcriptOf } from '../conversations/collections.ts';
import { placeKey } from '../conversations/conversation.ts';
import type { SegmentPage } from '../conversations/conversation.ts';
import { placeOf } from '../conversations/storedPages.ts';
import { AppError, fileProblem } from '../errors.ts';
import type { FileProblem } from '../errors.ts';
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import type { FileRef, Job, JobFile } from '../jobs/job.ts';
import { prepareRedating } from '../jobs/redatings.ts';
import type { KnownRecording, RecordingShift } from '../jobs/recordingEntry.ts';
import type { RecordingRegistry } from '../jobs/registry.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { backInQueue, NO_ATTEMPTS } from '../jobs/store.ts';
import type { JobStore } from '../jobs/store.ts';

/** What a caller asks for. */
export interface RedatingRequest {
  readonly uid: string;
  /** Null selects recordings by name or by conversation, in any job. */
  readonly jobId: string | null;
  /** Selects all recordings with speech of this conversation. Used only without a job and names. */
  readonly conversationId: string | null;
  /** Null selects all recordings of the job. */
  readonly names: readonly string[] | null;
  /** Added to where each recording lies, milliseconds. */
  readonly offsetMs: number;
  /** A repeated call with the same key changes nothing. */
  readonly key: string | null;
}

export interface DecideDeps {
  readonly db: Firestore;
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly registry: RecordingRegistry;
  readonly now: () => number;
}

export interface RedatedRecording extends FileRef {
  readonly startedAtMs: number;
}

export interface DecidedRedating {
  readonly recordings: readonly RedatedRecording[];
  /** Jobs that begin again with the new dates, for the queue. */
  readonly restarted: readonly { readonly jobId: string; readonly job: Job }[];
}

/** A recording that the request selects. */
interface Selected {
  readonly ref: FileRef;
  /** The file in its job; null if only the registry has the recording. */
  readonly file: JobFile | null;
  readonly known: KnownRecording | null;
  readonly fromMs: number;
}

interface OpenJob {
  readonly job: Job;
  readonly files: OpenFiles;
  /** The job's recordings that the request selects. */
  readonly asked: readonly JobFile[];
}

/**
 * Writes the new dates, and the moves that follow from them. A job that works on such a recording is taken from its worker, so that
 * nothing more is written at the old date, and begins again. That costs the requests that were in flight.
 * @throws AppError `job_not_found`; `conversation_not_found`; `recording_not_found`; `invalid_recording` with each date that is not
 * possible; `invalid_request` for too many recordings. RedatingUnderWayError.
 */
export async function decideRedating(
  tx: Transaction,
  request: RedatingRequest,
  deps: DecideDeps,
): Promise<DecidedRedating> {
  const { uid, jobId, offsetMs, key } = request;
  const { db, jobs, registry, now } = deps;
  const { last, write } = await prepareRedating(tx, db, uid);
  const isRepeat = key !== null && last?.key === key;
  const own = jobId === null ? null : await openJob(tx, uid, jobId, request.names, deps);
  const selected = own === null ? await byName(tx, request, deps) : await ofJob(tx, uid, jobId ?? '', own, deps);
  const places = selected.map((each) => ({ ...each, toMs: each.fromMs + (isRepeat ? 0 : offsetMs) }));
  const recordings = places.map(({ ref, toMs }) => ({ ...ref, startedAtMs: toMs }));
  if (isRepeat || offsetMs === 0) return { recordings, restarted: [] };
  requirePlausible(places, now());

  // Other jobs that have claimed these recordings.
  const open = new Map(own === null ? [] : [[jobId ?? '', own]]);
  for (const { known } of places) {
    const owner = known?.entry.state === 'done' ? undefined : known?.entry.jobId;
    if (owner === undefined || open.has(owner)) continue;
    const names = places.flatMap(({ known: each }) => (each?.entry.jobId === owner ? each.entry.file : []));
    const found = await openJob(tx, uid, owner, names, deps).catch(nullIfGone);
    if (found !== null) open.set(owner, found);
  }

  for (const { ref, file, known, toMs } of places) {
    const startedAt = Timestamp.fromMillis(toMs);
    if (file !== null) open.get(ref.jobId)?.files.set({ ...file, startedAt });
    if (known === null) {
      if (file !== null) registry.announce(tx, uid, ref.jobId, { ...file, startedAt }, file.startedAt);
      continue;
    }
    const { entry } = known;
    registry.redate(tx, uid, known, toMs);
    const owned = file !== null && entry.jobId === ref.jobId ? undefined : open.get(entry.jobId)?.files;
    const ownedFile = owned?.get(entry.file);
    if (ownedFile?.startedAt.isEqual(entry.startedAt)) owned?.set({ ...ownedFile, startedAt });
  }
  const restarted = [...open].flatMap(([id, { job, files }]) => {
    files.write(tx);
    return isInHand(job) ? [{ jobId: id, job: jobs.write(tx, id, job, { ...backInQueue(job), ...NO_ATTEMPTS }) }] : [];
  });
  write(shiftsOf(places), key, now());
  return { recordings, restarted };
}

/** @throws AppError `job_not_found`; `recording_not_found` */
async function openJob(
  tx: Transaction,
  uid: string,
  jobId: string,
  names: readonly string[] | null,
  { jobs, files }: DecideDeps,
): Promise<OpenJob> {
  const job = (await tx.get(jobs.ref(jobId))).data();
  if (job?.uid !== uid) throw new AppError('job_not_found');
  const open = await files.read(jobId, job, { tx, ...(names === null ? {} : { names }) });
  const missing = names?.filter((name) => open.get(name) === undefined) ?? [];
  if (missing.length > 0) throw notFound(missing);
  return { job, files: open, asked: names?.flatMap((name) => open.get(name) ?? []) ?? open.all };
}

function nullIfGone(error: unknown): null {
  if (error instanceof AppError && (error.code === 'job_not_found' || error.code === 'recording_not_found'))
    return null;
  throw error;
}

async function ofJob(
  tx: Transaction,
  uid: string,
  jobId: string,
  { asked }: OpenJob,
  { registry }: DecideDeps,
): Promise<Selected[]> {
  const known = await registry.read(tx, uid, asked);
  return asked.map((file) => ({
    ref: { jobId, file: file.name },
    file,
    known: known.get(file.name) ?? null,
    fromMs: file.startedAt.toMillis(),
  }));
}

async function byName(tx: Transaction, request: RedatingRequest, deps: DecideDeps): Promise<Selected[]> {
  const { uid, names, conversationId } = request;
  if (names === null && conversationId !== null) return byConversation(tx, uid, conversationId, deps);
  // Any number of recordings may have the same name.
  const found = await deps.registry.named(tx, uid, names ?? [], MOST_RECORDINGS + 1);
  if (found.length > MOST_RECORDINGS) throw tooMany();
  const missing = names?.filter((name) => !found.some(({ entry }) => entry.file === name)) ?? [];
  if (missing.length > 0) throw notFound(missing);
  return found.map(selectedEntry);
}

type PageSource = Pick<SegmentPage, 'recordingId' | 'recordingStartedAt'>;

/** Recordings of one correction: their moves are written in one transaction, to one document. */
const MOST_RECORDINGS = LIMITS.maxFilesPerJob;

/** Pages of a conversation that are searched for its recordings: ten for each recording that one correction may have. */
const MAX_PAGES = 10 * MOST_RECORDINGS;

function tooMany(): AppError {
  const message = `These are more than ${String(MOST_RECORDINGS)} recordings: correct some at a time, by their job.`;
  return new AppError('invalid_request', { message });
}

/**
 * @throws AppError `conversation_not_found`; `invalid_request` if it has more recordings than one correction may move;
 * `recording_not_found` if the registry has none of them any more.
 */
async function byConversation(
  tx: Transaction,
  uid: string,
  conversationId: string,
  { db, registry }: DecideDeps,
): Promise<Selected[]> {
  const conversation = (await tx.get(conversationsOf(db, uid).doc(conversationId))).data();
  if (conversation?.state !== 'live') throw new AppError('conversation_not_found');
  const transcript = transcriptOf(segmentPagesOf(db, uid), conversation).limit(MAX_PAGES + 1);
  const pages = await tx.get(transcript.select('recordingId', 'recordingStartedAt') as Query<PageSource>);
  const places = new Map(pages.docs.map((doc) => [placeKey(placeOf(doc.data())), doc.data().recordingId]));
  if (pages.size > MAX_PAGES || places.size > MOST_RECORDINGS) throw tooMany();
  const known = await registry.byIds(tx, uid, [...new Set(places.values())]);
  const there = known.filter(({ id, entry }) =>
    places.has(placeKey({ recordingId: id, startedAtMs: entry.startedAt.toMillis() })),
  );
  if (there.length === 0) throw new AppError('recording_not_found');
  return there.map(selectedEntry);
}

function selectedEntry(known: KnownRecording): Selected {
  const { jobId, file, startedAt } = known.entry;
  return { ref: { jobId, file }, file: null, known, fromMs: startedAt.toMillis() };
}

function notFound(names: readonly string[]): AppError {
  const details = names.map((name) => fileProblem(name, 'recording_not_found'));
  return new AppError('recording_not_found', { details });
}

/** @throws AppError `invalid_recording` */
function requirePlausible(places: readonly (Selected & { readonly toMs: number })[], nowMs: number): void {
  const problems = places.flatMap(({ ref, toMs }): FileProblem[] => {
    try {
      requirePlausibleTime(toMs, { nowMs, maxAheadMs: LIMITS.maxCaptureAheadMs });
      return [];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return [fileProblem(ref.file, error.code, error.message)];
    }
  });
  if (problems.length > 0) throw new AppError('invalid_recording', { details: problems });
}

/** The moves: each place at which something of the recordings is stored, with its new place. */
function shiftsOf(places: readonly (Selected & { readonly toMs: number })[]): RecordingShift[] {
  const shifts = new Map<string, RecordingShift>();
  for (const { ref, file, known, toMs } of places) {
    if (known === null) continue;
    const { id, entry } = known;
    // The same bytes may be two recordings of one job, at two times, each with its own place.
    const isOwn = file !== null && entry.jobId === ref.jobId && file.state !== 'duplicate';
    const from = isOwn ? file.startedAt : entry.startedAt;
    const shift = {
      recordingId: id,
      deviceId: entry.deviceId,
      fromMs: from.toMillis(),
      toMs,
      durationSeconds: entry.durationSeconds ?? file?.durationSeconds ?? null,
      ref: isOwn ? ref : { jobId: entry.jobId, file: entry.file },
    };
    if (shift.fromMs !== shift.toMs) shifts.set(`${id}@${shift.fromMs}`, shift);
  }
  return [...shifts.values()];
}

/** Whether a worker has the job, or it waits for a time that may depend on its dates. */
function isInHand({ status }: Job): boolean {
  return !isFinished(status) && status !== 'uploading' && status !== 'pending';
}
