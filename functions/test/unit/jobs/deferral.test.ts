import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import { pendingJob } from '../../support/pendingJob.ts';
import { deferral } from '../../../src/jobs/deferral.ts';

const NOW = Date.UTC(2026, 0, 1);
const JOB = {
  ...pendingJob(NOW),
  attempts: 1,
};
const waitSeconds = (error: AppError, deferrals: number, jitter = 0): number =>
  (deferral({ ...JOB, deferrals }, error, NOW, jitter).waitingFor!.until!.toMillis() - NOW) / 1000;

describe('deferral', () => {
  it('doubles the wait each time in a row, up to half an hour', () => {
    const error = new AppError('transcription_unavailable');
    assert.deepEqual(
      [0, 1, 2, 3, 9].map((n) => waitSeconds(error, n)),
      [30, 60, 120, 240, 1800],
    );
  });

  it('never ends before the time that the service stated', () => {
    const error = new AppError('transcription_rate_limited', { retryAfterSeconds: 77 });
    assert.equal(waitSeconds(error, 0), 77);
    assert.ok(waitSeconds(error, 0, 1) > 77);
  });

  it('waits for the operator a quarter of an hour at a time', () => {
    assert.equal(waitSeconds(new AppError('transcription_not_configured'), 5), 900);
  });

  it('states its reason, raises the epoch, frees the lease and uses up no attempt', () => {
    const change = deferral(JOB, new AppError('transcription_rate_limited'), NOW, 0);
    assert.equal(change.status, 'deferred');
    assert.equal(change.waitingFor?.reason, 'transcription_rate_limited');
    assert.equal(change.epoch, JOB.epoch + 1);
    assert.equal(change.lease, null);
    assert.equal(change.attempts, 0);
  });

  it('counts an unexpected failure, and waits longer each time', () => {
    const change = (attempts: number) => deferral({ ...JOB, attempts, reading: 'a' }, new TypeError(), NOW, 0);
    assert.equal(change(1).waitingFor?.reason, 'internal');
    assert.ok(!('attempts' in change(1)) && !('reading' in change(1)), 'the job remembers what it was reading');
    const waits = [1, 2, 3, 9, 20].map((n) => (change(n).waitingFor!.until!.toMillis() - NOW) / 1000);
    assert.deepEqual(waits, [30, 30, 60, 3840, 7200]);
  });

  it('waits for Firestore as for any dependency', () => {
    const outage = Object.assign(new Error('14 UNAVAILABLE'), { code: 14 });
    const change = deferral({ ...JOB, reading: 'a' }, outage, NOW, 0);
    assert.equal(change.waitingFor?.reason, 'unavailable');
    assert.equal(change.attempts, 0);
    assert.equal(change.reading, null);
  });
});
