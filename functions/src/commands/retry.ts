/** `retrySyncJob`: what failed of a job is tried again, and nothing else. */
import { FieldValue, Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import { chunksOf } from '../jobs/chunk.ts';
import type { ChunkDoc } from '../jobs/chunk.ts';
import { asDuplicate } from '../jobs/ingestLedger.ts';
import type { Claim, IngestLedger } from '../jobs/ingestLedger.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { queuedProgress, WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobChange, JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { abandonFile, failure, isCounted, ledgerOf, needsAudio } from '../processing/outcome.ts';
import type { UsageStore } from '../usage/usage.ts';

export interface RetryDeps {
  readonly db: Firestore;
  readonly jobs: JobStore;
  readonly ingest: IngestLedger;
  readonly usage: UsageStore;
  readonly queue: TaskQueue;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long a job that is not finished is kept, milliseconds. */
  readonly unfinishedRetentionMs: number;
}

interface KnownChunk {
  readonly ref: DocumentReference<ChunkDoc>;
  /** Without the words, which are most of it. */
  readonly doc: ChunkDoc;
}

/**
 * Makes a job that failed, wholly or in part, pending again. Recordings that came through stay; chunks that were refused are
 * asked for again; recordings that could not be read are read again, behind what was planned of them.
 *
 * In the same transaction the recordings are claimed anew: another job may have taken them since. What it has done is a
 * duplicate here; what it is at stays failed here. So every chunk that waits to be asked for is of recordings that are this
 * job's alone.
 * @throws AppError `job_not_found`; `job_not_finished`; `job_not_retryable`; `duplicate_in_progress`.
 */
export async function retryJob(uid: string, jobId: string, deps: RetryDeps): Promise<Job> {
  const job = await deps.jobs.update(jobId, async (current, tx) => {
    if (current.uid !== uid) throw new AppError('job_not_found');
    const candidates = retryableFiles(current);
    const found = await tx.get(chunksOf(deps.db, jobId).select('state', 'spans'));
    const chunks = found.docs.map((doc) => ({ ref: doc.ref, doc: doc.data() }) as KnownChunk);
    const claims = await deps.ingest.claim(tx, jobId, uid, candidates);
    if ([...claims.values()].every(({ kind }) => kind === 'wait')) throw new AppError('duplicate_in_progress');
    return takeUp(current, claims, chunks, tx, deps);
  });
  if (job === null) throw new AppError('job_not_found');
  deps.logger.info('Job retried', {
    jobId,
    stage: 'retry',
    epoch: job.epoch,
    files: job.files.filter(({ state }) => state === 'staged').length,
  });
  await enqueueJob(jobId, job, deps);
  return job;
}

/** What can be tried again. Pure. @throws AppError where there is none. */
export function retryableFiles(job: Job): JobFile[] {
  if (!isFinished(job.status)) throw new AppError('job_not_finished');
  if (job.status === 'completed') {
    throw new AppError('job_not_retryable', { message: 'Nothing of this job failed: there is nothing to try again.' });
  }
  const files = job.files.filter((file) => needsAudio(job, file) && file.error?.code !== 'recording_missing');
  if (files.length === 0) {
    throw new AppError('job_not_retryable', {
      message: 'The audio of what failed is not kept any more: upload it again.',
    });
  }
  return files;
}

/** Writes the chunks and counters that go with the change of the job. */
function takeUp(
  job: Job,
  claims: ReadonlyMap<string, Claim>,
  chunks: readonly KnownChunk[],
  tx: Transaction,
  { usage, now, unfinishedRetentionMs }: RetryDeps,
): JobChange {
  const nowMs = now();
  const docs = chunks.map(({ doc }) => doc);
  const files = job.files.map((file) => retriedFile(file, claims.get(file.name), docs));
  const staged = new Set(files.flatMap(({ name, state }) => (state === 'staged' ? name : [])));
  const expiresAt = Timestamp.fromMillis(Math.max(job.expiresAt.toMillis(), nowMs + unfinishedRetentionMs));
  for (const { ref, doc } of chunks) tx.update(ref, { ...retriedChunk(doc, staged), expiresAt });

  // Counted again when it is settled again.
  const uncounted = job.files.filter((file, i) => isCounted(file) && file !== files[i]);
  const audioSeconds = uncounted.reduce((sum, { durationSeconds }) => sum + (durationSeconds ?? 0), 0);
  if (audioSeconds > 0) usage.add(tx, job.uid, { audioSeconds: -audioSeconds });

  const settled = files.filter(({ state }) => state !== 'staged');
  return {
    status: 'pending',
    files,
    progress: { ...queuedProgress(files.length), filesDone: settled.length },
    ledger: ledgerOf(settled),
    failures: settled.flatMap(({ error }) => error ?? []),
    waitingFor: WAITING_IN_QUEUE,
    lease: null,
    attempts: 0,
    deferrals: 0,
    epoch: job.epoch + 1,
    notifiedAt: null,
    acknowledgedAt: null,
    finishedAt: null,
    expiresAt,
  };
}

function retriedFile(file: JobFile, claim: Claim | undefined, chunks: readonly ChunkDoc[]): JobFile {
  switch (claim?.kind) {
    case 'ours':
      // One that no attempt came to the end of goes on as it is.
      if (file.state === 'staged') return file;
      return { ...file, state: 'staged', speechSeconds: null, failedSeconds: null, error: null };
    case 'duplicate':
      return asDuplicate(file, claim);
    case 'wait':
      return abandonFile(file, chunks, 'attempts_exhausted');
    case undefined:
      return file;
  }
}

/** Asked for again if all of its recordings are; one that shares audio with another job is not. */
function retriedChunk({ state, spans }: ChunkDoc, staged: ReadonlySet<string>) {
  const isOurs = spans.every(({ recordingId }) => staged.has(recordingId));
  if (state === 'failed' && isOurs) return { state: 'planned', error: FieldValue.delete() };
  if (state === 'planned' && !isOurs) return { state: 'failed', error: failure(null, 'attempts_exhausted') };
  return {};
}
