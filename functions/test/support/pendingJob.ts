import type { Job } from '../../src/jobs/job.ts';
import { newJob } from '../../src/jobs/store.ts';

/** A job of alice without recordings, which waits only for a worker. @param nowMs when it was created, Unix milliseconds */
export function pendingJob(nowMs: number): Job {
  const { job } = newJob({
    uid: 'alice',
    deviceId: 'omi',
    files: [],
    upload: 'multipart',
    uploadExpiryMs: 1000,
    conversationId: null,
    contentHash: null,
    nowMs,
    retentionMs: 1000,
  });
  return { ...job, status: 'pending', waitingFor: null };
}
