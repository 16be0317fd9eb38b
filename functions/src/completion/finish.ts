/** Ends a job: writes its outcome, then does what follows and may be repeated (summaries, push, clean-up). */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import type { Summaries } from '../conversations/summaries.ts';
import type { ErrorCode } from '../errors.ts';
import type { FileStore } from '../jobs/files.ts';
import type { Job, JobTotals } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import type { JobChange, JobStore } from '../jobs/store.ts';
import { totalsOf } from '../jobs/totals.ts';
import type { Logger } from '../logger.ts';
import type { Notifier } from '../events/notifier.ts';
import { failedFile, isAllFinal, isOutOfTime, needsAudio, statusOf } from './outcome.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';

export interface EndDeps {
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly conversations: ConversationStore;
  /** How long a finished job stays readable, milliseconds. */
  readonly retentionMs: number;
  readonly now: () => number;
}

export interface WrapUpDeps {
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly audio: StagedAudio;
  readonly summaries: Pick<Summaries, 'refresh'>;
  readonly notifier: Notifier;
  readonly now: () => number;
}

export type FinishDeps = EndDeps & WrapUpDeps;

/** Ends a job whose recordings are all final. The outcome is derived from what is stored, so a repetition gives the same. */
export async function finishJob(lease: Lease, job: Job, deps: EndDeps): Promise<Job> {
  const conversations = await conversationsOf(lease.jobId, job, deps);
  return lease.update((current) => ({
    ...endOf(current, deps),
    ...conversations,
    progress: { ...current.progress, stage: 'done', percent: 100, filesDone: current.progress.filesTotal },
  }));
}

/** Why a job ends before its work is done. */
export type EarlyEnd = Extract<
  ErrorCode,
  'upload_expired' | 'retention_ended' | 'job_cancelled' | 'attempts_exhausted'
>;

/** Written to a job so that its Idempotency-Key may begin another job. */
export const RELEASED_KEY = { contentHash: null } as const;

/**
 * Ends a job before its work is done, in one transaction. If it has a worker, the worker cannot write anything more. Recordings that
 * are final stay as they are; the others fail with the reason. {@link wrapUp} deletes the audio, unless the reason lets the user retry.
 * If all recordings are final already, the reason decides: when time is up the job is left to its worker, a cancellation cancels it,
 * and after too many attempts it is finished as it is.
 * @param isDue called in the transaction; false leaves the job as it is.
 * @param also further changes of the job.
 * @returns the ended job; null if there was nothing to end.
 */
export async function endEarly(
  jobId: string,
  reason: EarlyEnd,
  isDue: (job: Job) => boolean,
  deps: EndDeps & { readonly db: Firestore },
  also: JobChange = {},
): Promise<Job | null> {
  const result: { ended: boolean } = { ended: false };
  const job = await deps.jobs.update(jobId, async (current, tx) => {
    result.ended = false; // A transaction may run this several times.
    if (isFinished(current.status) || !isDue(current)) return null;
    if (isAllFinal(current) && isOutOfTime(reason)) return null;
    const files = await deps.files.read(jobId, current, { tx });
    const conversations = await conversationsOf(jobId, current, deps);
    files.map((file) => failedFile(file, reason));
    const end = endOf(totalsOf(files.all), deps);
    files.write(tx);
    result.ended = true;
    const status = reason === 'job_cancelled' ? 'cancelled' : end.status;
    return { ...end, ...conversations, ...also, status, progress: { ...current.progress, stage: 'done' } };
  });
  return result.ended ? job : null;
}

/** The change of every job that ends. */
function endOf({ fileCounts, ledger, failures }: JobTotals, { now, retentionMs }: EndDeps) {
  const nowMs = now();
  return {
    fileCounts,
    ledger,
    failures,
    status: statusOf({ fileCounts, ledger, failures }),
    reading: null,
    lease: null,
    waitingFor: null,
    finishedAt: Timestamp.fromMillis(nowMs),
    expiresAt: Timestamp.fromMillis(nowMs + retentionMs),
  };
}

/** The live conversations that have the job's speech now: those that the job began, and those that it added to. */
async function conversationsOf(jobId: string, { uid, conversationIds }: Job, { conversations }: EndDeps) {
  const live = await conversations.resolve(uid, conversationIds);
  const isNew = (id: string): boolean => live.get(id)?.createdByJobId === jobId;
  const ids = [...live.keys()].sort();
  return { newConversationIds: ids.filter(isNew), updatedConversationIds: ids.filter((id) => !isNew(id)) };
}

/**
 * Deletes the audio that no retry would need, summarises the conversations, and tells the app. Safe to repeat: a task that is delivered
 * again after the job has ended comes straight here.
 */
export async function wrapUp(jobId: string, job: Job, deps: WrapUpDeps, logger: Logger): Promise<void> {
  if (job.notifiedAt !== null || !isFinished(job.status)) return;
  const objectsDeleted = await deleteDone(jobId, job, deps);
  // Before the push, so that the app that it wakes finds titles.
  const changed = [...job.newConversationIds, ...job.updatedConversationIds];
  const summarised = await deps.summaries.refresh(job.uid, changed, { jobId });
  const { sent, removed } = await deps.notifier.jobFinished({
    uid: job.uid,
    jobId,
    status: job.status,
    newConversationIds: job.newConversationIds,
    updatedConversationIds: job.updatedConversationIds,
  });
  // Only if the job has not been retried meanwhile: then it will end again.
  await deps.jobs.update(jobId, (current) =>
    isSameEnd(current, job) ? { notifiedAt: Timestamp.fromMillis(deps.now()) } : null,
  );
  logger.info('job.wrapped_up', {
    jobId,
    stage: 'wrapUp',
    objectsDeleted,
    summarised,
    pushesSent: sent,
    tokensRemoved: removed,
  });
}

/** Deletes the objects of done recordings. Most were deleted when the recording became final; listing finds the rest. */
async function deleteDone(jobId: string, job: Job, { jobs, files, audio }: WrapUpDeps): Promise<number> {
  const staged = await audio.list(job.uid, jobId);
  if (staged.length === 0) return 0;
  // A request with the same Idempotency-Key may have begun the job again. The objects that it stages have later generations.
  if (!isSameEnd(await jobs.get(jobId), job)) return 0;
  let deleted = 0;
  for await (const page of files.pages(jobId, job)) {
    const done = new Set(page.flatMap((file) => (needsAudio(job, file) ? [] : file.path)));
    const objects = staged.filter(({ path }) => done.has(path));
    await audio.deleteListed(objects);
    deleted += objects.length;
  }
  return deleted;
}

function isSameEnd(current: Job | null, { finishedAt }: Job): boolean {
  return finishedAt !== null && current?.finishedAt?.isEqual(finishedAt) === true;
}
