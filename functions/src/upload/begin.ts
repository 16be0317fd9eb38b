/**
 * Begins a job, for both ways of uploading. The job's document is the lock of an upload. Known duplicates are decided once, when the
 * job is created.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import { isAudioLost } from '../completion/outcome.ts';
import { AppError } from '../errors.ts';
import type { FileProblem } from '../errors.ts';
import { asDuplicate } from '../jobs/recordingEntry.ts';
import type { Original } from '../jobs/recordingEntry.ts';
import type { RecordingRegistry } from '../jobs/registry.ts';
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import { isFinal } from '../jobs/job.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { newJob, WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobChange, JobStore, NewJob } from '../jobs/store.ts';
import { LEAST_BYTES, NOTHING_COUNTED } from '../usage/budget.ts';
import type { DailyBudget, Refund } from '../usage/budget.ts';
import { totalsOf } from '../jobs/totals.ts';
import type { FairUse } from '../usage/fairUse.ts';
import { idempotentJobId } from './idempotency.ts';
import { stagedPath } from '../storage/paths.ts';
import { repeatedRecordings } from './recordings.ts';
import type { DeclaredRecording } from './recordings.ts';
import type { UploadFields } from './request.ts';

export interface BeginDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'replace' | 'get'>;
  readonly files: Pick<FileStore, 'read'>;
  readonly registry: Pick<RecordingRegistry, 'findDone'>;
  readonly conversations: Pick<ConversationStore, 'resolve'>;
  readonly fairUse: Pick<FairUse, 'refuseUpload'>;
  readonly budget: Pick<DailyBudget, 'reserveBytes' | 'count'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long the job is kept, milliseconds. */
  readonly retentionMs: () => number;
  /** An upload ends after this long without an arrival, milliseconds. */
  readonly uploadExpiryMs: number;
}

export interface NewUpload {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly fields: UploadFields;
  readonly recordings: readonly DeclaredRecording[];
  /** Problems of recordings of the request that are not accepted, if the others are accepted without them. */
  readonly rejected?: readonly FileProblem[];
}

/** The differences between the two ways of uploading. */
export interface UploadWay {
  /** Hash of the content that is sent with an Idempotency-Key. */
  readonly contentHash: string;
  readonly upload: Job['upload'];
}

export interface BegunJob {
  readonly jobId: string;
  readonly job: Job;
  /** Its recordings. */
  readonly files: readonly JobFile[];
  /** Whether this request has created it, so that nothing can have arrived for it yet. */
  readonly isNew: boolean;
  /** Takes back what this request has counted in the daily budgets, if the upload fails. */
  readonly refund: Refund;
}

/** Retry-After of an upload that failed on our side, seconds: longer than the retries of the Storage client. */
export const RETRY_AFTER_SECONDS = 10;

/**
 * Creates the job, or finds the one that an earlier request with this key created. If that job has ended without some of its
 * recordings, it begins again; recordings that are done stay done.
 * @throws AppError
 * - `conversation_not_found`, `conversation_of_other_device`: these recordings cannot become part of the conversation named;
 * - `fair_use_restricted`, `too_many_jobs`, `daily_budget_used`, `project_budget_used`: the user may upload nothing new at the moment;
 * - `payload_too_large`: the recordings are more than one day's budget has;
 * - `idempotency_conflict`: an earlier request with this key had other content;
 * - `unavailable`: another request with this key failed at the same moment, and deleted the job.
 */
export async function beginJob(deps: BeginDeps, sent: NewUpload, way: UploadWay): Promise<BegunJob> {
  const { jobs } = deps;
  const { uid, recordings, fields, idempotencyKey } = sent;
  const jobId = idempotencyKey === null ? jobs.newId() : idempotentJobId(uid, idempotencyKey);
  const fresh = newJob({
    uid,
    deviceId: fields.deviceId ?? recordings[0]?.deviceId ?? '',
    files: await jobFiles(deps, jobId, sent),
    upload: way.upload,
    uploadExpiryMs: deps.uploadExpiryMs,
    conversationId: fields.conversationId,
    contentHash: idempotencyKey === null ? null : way.contentHash,
    nowMs: deps.now(),
    retentionMs: deps.retentionMs(),
    rejected: sent.rejected ?? [],
  });
  const reserved =
    (await refuseTarget(deps, sent)) ??
    (await deps.fairUse.refuseUpload(uid)) ??
    (await deps.budget.reserveBytes(uid, bytesOf(fresh.files)));
  const refusal = reserved instanceof AppError ? reserved : null;
  if (!(reserved instanceof AppError)) {
    const isCreated = await jobs.create(jobId, fresh).catch(async (error: unknown) => {
      await reserved();
      throw error;
    });
    if (isCreated) return { jobId, ...fresh, isNew: true, refund: reserved };
    await reserved(); // The request that created the job has counted them.
  }
  return repeatedJob(deps, uid, jobId, fresh, refusal);
}

/**
 * The job that an earlier request with this key created. If it has ended without some of its recordings, it begins again.
 * @param fresh the job as this request would create it
 * @param refusal why the user may upload nothing new at the moment; null if that is allowed
 */
async function repeatedJob(
  { jobs, files: stored, budget }: BeginDeps,
  uid: string,
  jobId: string,
  fresh: NewJob,
  refusal: AppError | null,
): Promise<BegunJob> {
  // A job that was accepted with this key stays accepted, even if its target is deleted or the user is restricted by now.
  const existing = await jobs.get(jobId);
  // Without a refusal, another request with this key has failed, and deleted its job, between the two calls.
  if (existing === null) throw refusal ?? new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  const isReleased = existing.contentHash === null;
  if (!isReleased && existing.contentHash !== fresh.job.contentHash) throw new AppError('idempotency_conflict');
  const files = (await stored.read(jobId, existing)).all;
  if (!isReleased && !hasLostRecordings(existing, files)) {
    return { jobId, job: existing, files, isNew: false, refund: NOTHING_COUNTED };
  }

  // The job has ended: answering with it would accept recordings that no worker will process.
  if (refusal !== null) throw refusal;
  const renewed = { ...fresh, files: renewedFiles(fresh.files, files) };
  const job = await jobs.replace(jobId, existing, { ...renewed, job: { ...fresh.job, ...totalsOf(renewed.files) } });
  if (job === null) throw new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  const refund = await budget.count(uid, 'uploadedBytes', bytesOf(renewed.files));
  return { jobId, job, files: renewed.files, isNew: false, refund };
}

/** A repeated request does not restart a job that the user has cancelled. @throws AppError `job_cancelled` */
export function requireNotCancelled({ status }: Pick<Job, 'status'>): void {
  if (status === 'cancelled') throw new AppError('job_cancelled');
}

/** Whether the job ended without some recordings that may succeed when they are sent again. */
function hasLostRecordings({ status }: Job, files: readonly JobFile[]): boolean {
  if (!isFinished(status) || status === 'cancelled') return false;
  return files.some(({ error }) => error !== null && (error.retryable || isAudioLost(error.code)));
}

/** The recordings of a job that replaces an earlier one. Recordings that the earlier job has done stay done. */
function renewedFiles(fresh: readonly JobFile[], before: readonly JobFile[]): JobFile[] {
  const byName = new Map(before.map((file) => [file.name, file]));
  return fresh.map((file) => {
    const known = byName.get(file.name);
    if (known === undefined || known.size !== file.size || (file.md5 !== null && known.md5 !== file.md5)) return file;
    return isFinal(known) && known.state !== 'failed' ? known : { ...file, speechSeconds: known.speechSeconds };
  });
}

/**
 * Bytes that a job of these recordings counts in the budgets. Known recordings are not sent, but they have documents, so they count
 * too.
 */
function bytesOf(files: readonly JobFile[]): number {
  const sent = files.map(({ state, size }) => (state === 'expected' ? size : 0));
  const recordings = sent.reduce((sum, size) => sum + Math.max(size, LEAST_BYTES.recording), 0);
  return Math.max(recordings, LEAST_BYTES.job);
}

/** The change that starts a job whose recordings have all arrived, or will not arrive any more. */
export function startJob(jobId: string, files: Pick<OpenFiles, 'all' | 'set'>): JobChange {
  markRepeated(jobId, files);
  return { status: 'pending', ...totalsOf(files.all), waitingFor: WAITING_IN_QUEUE };
}

/** Marks recordings that repeat another one of the job, which shows only when Storage has computed their MD5. */
function markRepeated(jobId: string, files: Pick<OpenFiles, 'all' | 'set'>): void {
  const staged = files.all.filter(({ state }) => state === 'staged');
  const repeated = repeatedRecordings(staged.map((file) => ({ ...file, startedAtMs: file.startedAt.toMillis() })));
  for (const file of staged) {
    const first = repeated.get(file.name);
    if (first !== undefined) files.set(asDuplicate(file, originalIn(jobId, first)));
  }
}

function originalIn(jobId: string, file: string): Original {
  return { ref: { jobId, file }, durationSeconds: null };
}

/** Why the recordings cannot become part of the conversation that the upload names; null if they can. */
async function refuseTarget(
  { conversations }: BeginDeps,
  { uid, fields, recordings }: NewUpload,
): Promise<AppError | null> {
  if (fields.conversationId === null) return null;
  const [target] = (await conversations.resolve(uid, [fields.conversationId])).values();
  if (target === undefined) return new AppError('conversation_not_found');
  const isOfItsDevice = recordings.some(({ deviceId }) => deviceId === target.deviceId);
  return isOfItsDevice ? null : new AppError('conversation_of_other_device');
}

async function jobFiles({ registry }: BeginDeps, jobId: string, { uid, recordings }: NewUpload): Promise<JobFile[]> {
  const files = recordings.map((recording) => expectedFile(uid, jobId, recording));
  const repeated = [...repeatedRecordings(recordings)].map(([name, first]): [string, Original] => [
    name,
    originalIn(jobId, first),
  ]);
  const originals = new Map([...repeated, ...(await registry.findDone(uid, files))]);
  return files.map((file) => {
    const original = originals.get(file.name);
    return original === undefined ? file : asDuplicate(file, original);
  });
}

function expectedFile(uid: string, jobId: string, recording: DeclaredRecording): JobFile {
  const { name, size, md5, format, deviceId, startedAtMs, durationSeconds } = recording;
  return {
    name,
    path: stagedPath(uid, jobId, name),
    size,
    md5,
    format,
    deviceId,
    startedAt: Timestamp.fromMillis(startedAtMs),
    state: 'expected',
    durationSeconds,
    speechSeconds: 0,
    duplicateSeconds: 0,
    failedSeconds: 0,
    refused: [],
    duplicateOf: null,
    error: null,
  };
}
