import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { FileStore, filesOf, paged } from '../../src/jobs/files.ts';
import type { Job, JobFile } from '../../src/jobs/job.ts';
import { JobStore } from '../../src/jobs/store.ts';
import { totalsOf } from '../../src/jobs/totals.ts';

/** A recording of a job that is staged and not read yet, with the changes of a test. */
export function jobFile(change: Partial<JobFile> & Pick<JobFile, 'name'>): JobFile {
  return {
    path: `uploads/u/j/${change.name}`,
    size: 1,
    md5: '',
    format: { kind: 'file', extension: 'wav' },
    deviceId: 'omi',
    startedAt: Timestamp.fromMillis(Date.UTC(2026, 0, 1)),
    state: 'staged',
    durationSeconds: null,
    speechSeconds: 0,
    duplicateSeconds: 0,
    failedSeconds: 0,
    refused: [],
    duplicateOf: null,
    error: null,
    ...change,
  };
}

/** A job together with its recordings, which are in separate documents. */
export interface JobWithFiles extends Job {
  readonly files: readonly JobFile[];
}

/** The fields of a job's document that describe its recordings. */
export function describedBy(files: readonly JobFile[]): Pick<Job, 'filePages' | 'fileCounts' | 'ledger' | 'failures'> {
  return { filePages: paged(files).filePages, ...totalsOf(files) };
}

export async function readJob(db: Firestore, jobId: string): Promise<JobWithFiles | null> {
  const job = await new JobStore(db).get(jobId);
  return job && { ...job, files: (await new FileStore(db).read(jobId, job)).all };
}

/** Writes a job as it is given. */
export async function writeJob(db: Firestore, jobId: string, { files, ...job }: JobWithFiles): Promise<void> {
  const batch = db.batch();
  batch.set(new JobStore(db).ref(jobId), job);
  for (const [i, page] of paged(files).pages.entries()) {
    batch.set(filesOf(db, jobId).doc(String(i)), { uid: job.uid, jobId, files: page, expiresAt: job.expiresAt });
  }
  await batch.commit();
}
