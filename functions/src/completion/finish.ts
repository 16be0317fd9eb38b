/** The end of a job: its outcome, then what follows from it and may be repeated: push and clean-up. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import type { Summaries } from '../conversations/summaries.ts';
import type { ErrorCode } from '../errors.ts';
import { readChunks } from '../jobs/chunk.ts';
import type { KnownChunk } from '../jobs/chunk.ts';
import type { Job } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import type { Notifier } from '../events/notifier.ts';
import { abandonFile, concludeJob, needsAudio } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';

export interface EndDeps {
  readonly jobs: JobStore;
  readonly conversations: ConversationStore;
  /** How long a finished job stays readable, milliseconds. */
  readonly retentionMs: number;
  readonly now: () => number;
}

export interface WrapUpDeps {
  readonly jobs: JobStore;
  readonly audio: StagedAudio;
  readonly summaries: Pick<Summaries, 'refresh'>;
  readonly notifier: Notifier;
  readonly now: () => number;
}

export type FinishDeps = EndDeps & WrapUpDeps;

/** Writes how the job ended. Everything is derived from chunks and facts that are durable, so repeating it gives the same. */
export async function finishJob(
  lease: Lease,
  { uid, files }: Job,
  chunks: readonly KnownChunk[],
  deps: EndDeps,
): Promise<Job> {
  const end = await endOf(lease.jobId, uid, concludeJob(files, chunks), deps);
  return lease.update((job) => ({
    ...end,
    progress: {
      ...job.progress,
      stage: 'done',
      percent: 100,
      filesDone: files.length,
      chunksDone: chunks.length,
      chunksPlanned: chunks.length,
    },
  }));
}

/** Why a job ends before its work is done. */
export type EarlyEnd = Extract<
  ErrorCode,
  'upload_expired' | 'retention_ended' | 'job_cancelled' | 'attempts_exhausted'
>;

/**
 * Ends a job before its work is done, in one transaction: a worker that is at it can write nothing more. What is transcribed
 * stays and is told; recordings that are not settled fail with the reason. The audio is released by {@link wrapUp}, unless the
 * reason lets the user retry. Where all recordings are settled, so that nothing is left to do but to finish it, time leaves
 * a job to its worker; a user's wish cancels it, and too many attempts finish it as it is.
 * @param isDue asked again in the transaction.
 * @returns the job as it ended; null when there was nothing to end.
 */
export async function endEarly(
  jobId: string,
  reason: EarlyEnd,
  isDue: (job: Job) => boolean,
  deps: EndDeps & { readonly db: Firestore },
): Promise<Job | null> {
  const result: { ended: boolean } = { ended: false };
  const job = await deps.jobs.update(jobId, async (current, tx) => {
    result.ended = false; // A transaction may run this several times.
    if (isFinished(current.status) || !isDue(current)) return null;
    const chunks = [...(await readChunks(deps.db, jobId, tx)).values()];
    const files = current.files.map((file) => abandonFile(file, chunks, reason));
    const isSettled = files.every((file, i) => file === current.files[i]);
    if (isSettled && (reason === 'upload_expired' || reason === 'retention_ended')) return null;
    const end = await endOf(jobId, current.uid, concludeJob(files, chunks), deps);
    result.ended = true;
    const status = reason === 'job_cancelled' ? 'cancelled' : end.status;
    return { ...end, status, progress: { ...current.progress, stage: 'done' } };
  });
  return result.ended ? job : null;
}

/** What every end writes. */
async function endOf(jobId: string, uid: string, outcome: Outcome, deps: EndDeps) {
  const { conversationIds, ...known } = outcome;
  const conversations = await deps.conversations.resolve(uid, conversationIds);
  const isNew = (id: string): boolean => conversations.get(id)?.createdByJobId === jobId;
  const ids = [...conversations.keys()].sort();
  const nowMs = deps.now();
  return {
    ...known,
    newConversationIds: ids.filter(isNew),
    updatedConversationIds: ids.filter((id) => !isNew(id)),
    lease: null,
    waitingFor: null,
    finishedAt: Timestamp.fromMillis(nowMs),
    expiresAt: Timestamp.fromMillis(nowMs + deps.retentionMs),
  };
}

/**
 * Deletes the audio of every recording that is done with, keeps what a retry would need, sums up the conversations, and
 * tells the app. Safe to repeat:
 * a task that is delivered again after a crash comes straight here.
 */
export async function wrapUp(jobId: string, job: Job, deps: WrapUpDeps, logger: Logger): Promise<void> {
  if (job.notifiedAt !== null || !isFinished(job.status)) return;
  const done = job.files.filter((file) => !needsAudio(job, file)).map(({ path }) => path);
  await deps.audio.delete(done);
  // Before the push: an app that it wakes finds titles.
  const changed = [...job.newConversationIds, ...job.updatedConversationIds];
  const summarised = await deps.summaries.refresh(job.uid, changed, { jobId });
  const { sent, removed } = await deps.notifier.jobFinished({
    uid: job.uid,
    jobId,
    status: job.status,
    newConversationIds: job.newConversationIds,
    updatedConversationIds: job.updatedConversationIds,
  });
  // Of this end only: a retry by the user may have begun meanwhile, and will have an end of its own.
  await deps.jobs.update(jobId, ({ finishedAt }) =>
    finishedAt?.toMillis() === job.finishedAt?.toMillis() ? { notifiedAt: Timestamp.fromMillis(deps.now()) } : null,
  );
  logger.info('Job wrapped up', {
    jobId,
    stage: 'wrapUp',
    objectsDeleted: done.length,
    summarised,
    pushesSent: sent,
    tokensRemoved: removed,
  });
}
