/** The end of a job: its outcome, then what follows from it and may be repeated: push and clean-up. */
import { Timestamp } from 'firebase-admin/firestore';
import type { ConversationStore } from '../conversations/store.ts';
import type { ChunkDoc } from '../jobs/chunk.ts';
import type { Job } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import type { Notifier } from '../notifications/notifier.ts';
import { concludeJob } from './outcome.ts';
import type { StagedAudio } from './stagedAudio.ts';

export interface FinishDeps {
  readonly jobs: JobStore;
  readonly conversations: ConversationStore;
  readonly audio: StagedAudio;
  readonly notifier: Notifier;
  /** How long a finished job stays readable, milliseconds. */
  readonly retentionMs: number;
  readonly now: () => number;
}

/** Writes how the job ended. Everything is derived from chunks and facts that are durable, so repeating it gives the same. */
export async function finishJob(
  lease: Lease,
  { uid, files }: Job,
  chunks: readonly ChunkDoc[],
  deps: FinishDeps,
): Promise<Job> {
  const outcome = concludeJob(files, chunks);
  const conversations = await deps.conversations.resolve(uid, outcome.conversationIds);
  const isNew = (id: string): boolean => conversations.get(id)?.createdByJobId === lease.jobId;
  const ids = [...conversations.keys()].sort();
  const nowMs = deps.now();

  return lease.update((job) => {
    return {
      status: outcome.status,
      files: outcome.files,
      ledger: outcome.ledger,
      failures: outcome.failures,
      usage: outcome.usage,
      newConversationIds: ids.filter(isNew),
      updatedConversationIds: ids.filter((id) => !isNew(id)),
      progress: {
        ...job.progress,
        stage: 'done',
        percent: 100,
        filesDone: files.length,
        chunksDone: chunks.length,
        chunksPlanned: chunks.length,
      },
      lease: null,
      waitingFor: null,
      finishedAt: Timestamp.fromMillis(nowMs),
      expiresAt: Timestamp.fromMillis(nowMs + deps.retentionMs),
    };
  });
}

/**
 * Deletes the audio of every recording that is done with, keeps what a retry would need, and tells the app. Safe to repeat:
 * a task that is delivered again after a crash comes straight here.
 */
export async function wrapUp(jobId: string, job: Job, deps: FinishDeps, logger: Logger): Promise<void> {
  if (job.notifiedAt !== null) return;
  const done = job.files.filter(({ state }) => state !== 'failed').map(({ path }) => path);
  await deps.audio.delete(done);
  const { sent, removed } = await deps.notifier.jobFinished({
    uid: job.uid,
    jobId,
    status: job.status,
    newConversationIds: job.newConversationIds,
    updatedConversationIds: job.updatedConversationIds,
  });
  await deps.jobs.update(jobId, () => ({ notifiedAt: Timestamp.fromMillis(deps.now()) }));
  logger.info('Job wrapped up', {
    stage: 'wrapUp',
    objectsDeleted: done.length,
    pushesSent: sent,
    tokensRemoved: removed,
  });
}
