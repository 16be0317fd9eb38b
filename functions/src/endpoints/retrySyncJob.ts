/** `retrySyncJob`: what failed of a job is tried again, and nothing else. */
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { AppError } from '../errors.ts';
import { chunkId, chunksOf, partOf, readChunks } from '../jobs/chunk.ts';
import type { ChunkDoc, FailedChunkDoc, KnownChunk, PlannedChunkDoc } from '../jobs/chunk.ts';
import { asDuplicate } from '../jobs/ingestLedger.ts';
import type { Claim, IngestLedger } from '../jobs/ingestLedger.ts';
import type { FileState, Job, JobFile } from '../jobs/job.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { isFinished } from '../jobs/stateMachine.ts';
import { queuedProgress, WAITING_IN_QUEUE } from '../jobs/store.ts';
import type { JobChange, JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { abandonFile, failure, isCounted, ledgerOf, needsAudio } from '../completion/outcome.ts';
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
    const chunks = await readChunks(deps.db, jobId, tx);
    const claims = await deps.ingest.claim(tx, jobId, uid, candidates);
    if ([...claims.values()].every(({ kind }) => kind === 'wait')) throw new AppError('duplicate_in_progress');
    return takeUp(jobId, current, claims, chunks, tx, deps);
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
  jobId: string,
  job: Job,
  claims: ReadonlyMap<string, Claim>,
  chunks: ReadonlyMap<string, KnownChunk>,
  tx: Transaction,
  { db, usage, now, unfinishedRetentionMs }: RetryDeps,
): JobChange {
  const docs = [...chunks.values()];
  const files = job.files.map((file) => retriedFile(file, claims.get(file.name), docs));
  const expiresAt = Timestamp.fromMillis(Math.max(job.expiresAt.toMillis(), now() + unfinishedRetentionMs));
  writeChunks(tx, chunksOf(db, jobId), chunks, files, expiresAt);

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

function retriedFile(file: JobFile, claim: Claim | undefined, chunks: readonly KnownChunk[]): JobFile {
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

/** Firestore's order does not matter: no two of these are the same document. */
function writeChunks(
  tx: Transaction,
  collection: CollectionReference<ChunkDoc>,
  chunks: ReadonlyMap<string, KnownChunk>,
  files: readonly JobFile[],
  expiresAt: Timestamp,
): void {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const [id, chunk] of chunks) {
    if (chunk.state === 'done') {
      tx.update(collection.doc(id), { expiresAt });
      continue;
    }
    const parts = retriedParts(chunk, files).map((part): [string, PlannedChunkDoc | FailedChunkDoc] => [
      chunkId(part.uid, part.deviceId, part.spans, byName),
      { ...part, expiresAt },
    ]);
    for (const [partId, part] of parts) tx.set(collection.doc(partId), part);
    if (!parts.some(([partId]) => partId === id)) tx.delete(collection.doc(id));
  }
}

/**
 * What a chunk without a result becomes: what it has of the recordings that are this job's again is asked for again; what it has
 * of those that another job is at stays failed, for a retry to come; duplicates are done elsewhere.
 */
function retriedParts(
  chunk: PlannedChunkDoc | FailedChunkDoc,
  files: readonly JobFile[],
): (PlannedChunkDoc | FailedChunkDoc)[] {
  const named = (state: FileState): ReadonlySet<string> =>
    new Set(files.flatMap((file) => (file.state === state ? file.name : [])));
  const ours = partOf(chunk, named('staged'));
  const others = partOf(chunk, named('failed'));
  const error = chunk.state === 'failed' ? chunk.error : failure(null, 'attempts_exhausted');
  return [
    ...(ours === null ? [] : [{ ...ours, state: 'planned' } as const]),
    ...(others === null ? [] : [{ ...others, state: 'failed', error } as const]),
  ];
}
