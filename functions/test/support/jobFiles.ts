import { Timestamp } from 'firebase-admin/firestore';
import type { JobFile } from '../../src/jobs/job.ts';

/** A recording of a job that is staged and not read yet, but for what a test says of it. */
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
    lostSeconds: null,
    speechSeconds: null,
    failedSeconds: null,
    unplannedFrom: 0,
    duplicateOf: null,
    error: null,
    ...change,
  };
}
