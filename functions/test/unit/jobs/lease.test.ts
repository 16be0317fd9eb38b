import assert from 'node:assert/strict';
import { Lease } from '../../../src/jobs/lease.ts';
import type { Job } from '../../../src/jobs/job.ts';
import type { JobChange, JobStore } from '../../../src/jobs/store.ts';
import { pendingJob } from '../../support/pendingJob.ts';

const PAYLOAD = { jobId: 'j', uid: 'alice', epoch: 0 };

describe('A lease', () => {
  it('is acquired once if Firestore wrote it and the answer was lost: no attempt is counted twice, and none waits', async () => {
    let stored = pendingJob(Date.now());
    type Decide = (job: Job) => JobChange | null | Promise<JobChange | null>;
    const store = {
      async update(_: string, decide: Decide) {
        for (let tries = 0; tries < 2; tries++) stored = { ...stored, ...(await decide(stored)) };
        return stored;
      },
    } as unknown as JobStore;
    const { admission, lease } = await Lease.acquire(store, PAYLOAD, 'worker');
    assert.ok(lease !== null);
    lease.abandon();
    assert.deepEqual([admission.kind, stored.attempts, lease.isInTime], ['work', 1, true]);
    const other = await Lease.acquire(store, PAYLOAD, 'other');
    assert.deepEqual([other.admission.kind, other.lease], ['wait', null]);
  });
});
