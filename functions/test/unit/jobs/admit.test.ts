import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { admit, MAX_ATTEMPTS, retryWaitMs } from '../../../src/jobs/lease.ts';
import type { Job } from '../../../src/jobs/job.ts';
import { pendingJob } from '../../support/pendingJob.ts';

const NOW = Date.UTC(2026, 0, 1);
const PAYLOAD = { jobId: 'j', uid: 'alice', epoch: 3 };

function job(change: Partial<Job>): Job {
  return { ...pendingJob(NOW - 1000), epoch: 3, ...change };
}

const at = (ms: number): Timestamp => Timestamp.fromMillis(NOW + ms);

describe('admission of a delivered task', () => {
  it('admits a pending job', () => {
    assert.equal(admit(job({}), PAYLOAD, NOW).kind, 'work');
  });

  it('drops a task whose job is gone', () => {
    assert.deepEqual(admit(null, PAYLOAD, NOW), { kind: 'drop', reason: 'missing' });
  });

  it('refuses a task that names another user, whatever the state of the job', () => {
    for (const status of ['pending', 'processing', 'completed'] as const) {
      assert.equal(admit(job({ status, uid: 'bob' }), PAYLOAD, NOW).kind, 'refuse');
    }
  });

  it('drops a task of an older epoch', () => {
    assert.deepEqual(admit(job({ epoch: 4 }), PAYLOAD, NOW), { kind: 'drop', reason: 'stale_epoch' });
  });

  it('acknowledges a task of a job that has ended', () => {
    for (const status of ['completed', 'partial', 'failed', 'cancelled'] as const) {
      assert.equal(admit(job({ status }), PAYLOAD, NOW).kind, 'finished');
    }
  });

  it('drops a task of a job whose recordings are still arriving', () => {
    assert.deepEqual(admit(job({ status: 'uploading' }), PAYLOAD, NOW), { kind: 'drop', reason: 'not_ready' });
  });

  it('waits for a live lease, and takes over an expired one', () => {
    const live = job({ status: 'processing', lease: { owner: 'other', expiresAt: at(1) } });
    const dead = job({ status: 'processing', lease: { owner: 'other', expiresAt: at(0) } });
    assert.deepEqual(admit(live, PAYLOAD, NOW), { kind: 'wait', reason: 'leased', untilMs: NOW + 1 });
    assert.equal(admit(dead, PAYLOAD, NOW).kind, 'work');
  });

  it('waits until a deferred job is due', () => {
    const waiting = (ms: number) =>
      job({ status: 'deferred', waitingFor: { reason: 'queue', message: '', until: at(ms) } });
    assert.deepEqual(admit(waiting(5), PAYLOAD, NOW), { kind: 'wait', reason: 'deferred', untilMs: NOW + 5 });
    assert.equal(admit(waiting(0), PAYLOAD, NOW).kind, 'work');
  });

  it('takes over immediately from the first worker that died, and makes the job wait after the second', () => {
    const dead = (attempts: number): Job =>
      job({ status: 'processing', attempts, lease: { owner: 'o', expiresAt: at(0) } });
    assert.equal(admit(dead(1), PAYLOAD, NOW).kind, 'work');
    assert.equal(admit(dead(2), PAYLOAD, NOW).kind, 'defer');
    assert.equal(admit(dead(2), PAYLOAD, NOW + retryWaitMs(2)).kind, 'work');
  });

  it('spreads the attempts without progress over more than a day', () => {
    let waitedMs = 0;
    for (let attempts = 1; attempts < MAX_ATTEMPTS; attempts++) waitedMs += retryWaitMs(attempts);
    assert.ok(waitedMs > 24 * 3600_000);
  });

  it('fails the job after too many attempts in a row without progress', () => {
    assert.equal(admit(job({ attempts: MAX_ATTEMPTS - 1 }), PAYLOAD, NOW).kind, 'work');
    assert.equal(admit(job({ attempts: MAX_ATTEMPTS }), PAYLOAD, NOW).kind, 'exhausted');
  });
});
