/** The callables and concurrent uploads, on the deployed functions and their queue. */
import assert from 'node:assert/strict';
import { StandInControl } from '../../../dev/deepgram/control.ts';
import type { AcknowledgedView, JobView } from 'offline-audio-sync-contract';
import { assertTranscriptOf, sampleOf } from '../support/checks.ts';
import { callFunction, getStatus, uploadFiles, waitForJob } from '../support/client.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { db, signUp, stagedObjects, untilWrappedUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';
import { until } from '../support/until.ts';
import { filesOf } from '../support/worker.ts';

const standIn = new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '');
const letter = sampleOf('letter');
const files = filesOf(letter).map(({ filename, bytes }) => ({ name: filename, bytes }));

describe('The deployed functions', () => {
  let user: TestUser;
  beforeEach(async () => {
    await standIn.reset();
    user = await signUp();
  });
  afterEach(() => standIn.reset());

  const JOB_COMMANDS = ['retrySyncJob', 'cancelSyncJob'];

  async function upload(): Promise<string> {
    const { status, body } = await uploadFiles(user.idToken, files);
    assert.equal(status, 202);
    return body.job_id;
  }

  async function silentJob(): Promise<string> {
    const { body } = await uploadFiles(user.idToken, [{ name: pcmName(CAPTURED_AT), bytes: pcmRecording() }]);
    await waitForJob(user.idToken, body.job_id);
    return body.job_id;
  }

  async function code(name: string, data: unknown, idToken: string | null = user.idToken): Promise<unknown[]> {
    const { status, body } = await callFunction(idToken, name, data);
    assert.equal(body.result, undefined);
    assert.ok(body.error !== undefined && body.error.message !== '');
    return [status, body.error.status, body.error.details?.code];
  }

  it('refuse a caller without a valid token', async () => {
    for (const name of [...JOB_COMMANDS, 'acknowledgeSyncJobs']) {
      assert.deepEqual(await code(name, { job_id: 'x' }, null), [401, 'UNAUTHENTICATED', 'unauthenticated'], name);
      const [status] = await code(name, { job_id: 'x' }, 'nonsense');
      assert.equal(status, 401, name);
    }
  });

  it('refuse malformed input with an error code of its own', async () => {
    const malformed = [400, 'INVALID_ARGUMENT', 'invalid_request'];
    for (const name of JOB_COMMANDS) {
      for (const data of [null, {}, { job_id: 7 }, { job_id: '' }]) assert.deepEqual(await code(name, data), malformed);
    }
    const tooMany = Array.from({ length: 101 }, (_, i) => `job${i}`);
    for (const job_ids of [undefined, 'x', [], [7], tooMany]) {
      assert.deepEqual(await code('acknowledgeSyncJobs', { job_ids }), malformed);
    }
  });

  it('give the same answer for the job of another user, an unknown job and an impossible id', async () => {
    const theirs = await silentJob();
    user = await signUp();
    for (const name of JOB_COMMANDS) {
      for (const job_id of [theirs, 'no-such-job', `${theirs}/chunks/x`, '__x__', '..']) {
        assert.deepEqual(await code(name, { job_id }), [404, 'NOT_FOUND', 'job_not_found'], job_id);
      }
    }
    const { body } = await callFunction<AcknowledgedView>(user.idToken, 'acknowledgeSyncJobs', { job_ids: [theirs] });
    assert.deepEqual(body.result, { acknowledged_job_ids: [] });
  });

  it('acknowledge a job that has completed, refuse to retry it, and change nothing if it is cancelled', async () => {
    const jobId = await silentJob();
    const before = (await getStatus(user.idToken, jobId)).body;
    assert.deepEqual(await code('retrySyncJob', { job_id: jobId }), [400, 'FAILED_PRECONDITION', 'job_not_retryable']);
    const cancelled = await callFunction<JobView>(user.idToken, 'cancelSyncJob', { job_id: jobId });
    assert.equal(cancelled.body.result?.status, before.status);
    const { body } = await callFunction<AcknowledgedView>(user.idToken, 'acknowledgeSyncJobs', { job_ids: [jobId] });
    assert.deepEqual(body.result?.acknowledged_job_ids, [jobId]);
    assert.notEqual((await getStatus(user.idToken, jobId)).body.acknowledged_at, null);
  });

  it('cancel a job while Deepgram keeps its worker waiting: they abort the request and delete the audio', async () => {
    await standIn.behave({ hang: true });
    const jobId = await upload();
    await until(async () => (await standIn.log()).requests.length > 0);
    const { body } = await callFunction<JobView>(user.idToken, 'cancelSyncJob', { job_id: jobId });
    assert.equal(body.result?.status, 'cancelled');
    assert.deepEqual(
      body.result.failures.map((failure) => failure.code),
      ['job_cancelled'],
    );
    assert.deepEqual(await stagedObjects(user.uid), []);
    await until(async () => (await standIn.log()).requests.every(({ outcome }) => outcome !== 'open'));
    assert.deepEqual((await getStatus(user.idToken, jobId)).body.status, 'cancelled');
  });

  it('retry a job that Deepgram refused, and complete it', async () => {
    await standIn.behave({ status: 400 });
    const jobId = await upload();
    const failed = await waitForJob(user.idToken, jobId);
    assert.equal(failed.status, 'partial');
    await standIn.reset();
    const { body } = await callFunction<JobView>(user.idToken, 'retrySyncJob', { job_id: jobId });
    assert.deepEqual([body.result?.status, body.result?.finished_at], ['pending', null]);
    const job = await waitForJob(user.idToken, jobId);
    assert.deepEqual([job.status, job.failures, job.ledger.failed_seconds], ['completed', [], 0]);
    assert.equal((await standIn.log()).requests.length, 1);
    await assertTranscriptOf(db, user.uid, letter);
    await untilWrappedUp(jobId);
    assert.deepEqual(await stagedObjects(user.uid), []);
  });

  it('process the second of two jobs with one recording when the first, for which it waits, is cancelled', async () => {
    await standIn.behave({ hang: true, times: 1 });
    const first = await upload();
    await until(async () => (await standIn.log()).requests.length > 0);
    const second = await upload();
    const waiting = await waitForJob(user.idToken, second, ({ status }) => status === 'deferred');
    assert.equal(waiting.waiting_for?.reason, 'duplicate_in_progress');
    await callFunction(user.idToken, 'cancelSyncJob', { job_id: first });
    const job = await waitForJob(user.idToken, second);
    assert.deepEqual([job.status, job.files[0]?.state], ['completed', 'transcribed']);
    assert.equal((await standIn.log()).requests.length, 2);
    await assertTranscriptOf(db, user.uid, letter);
  });

  it('transcribe a recording once that is in three uploads at once, and mark the others as its duplicates', async () => {
    await standIn.behave({ delayMs: 1000 });
    const jobs = await Promise.all([upload(), upload(), upload()]);
    const ended = await Promise.all(jobs.map((id) => waitForJob(user.idToken, id)));
    assert.deepEqual(
      ended.map(({ status }) => status),
      ['completed', 'completed', 'completed'],
    );
    const [original] = ended.filter((job) => job.files[0]?.state === 'transcribed');
    for (const job of ended) {
      if (job === original) continue;
      const [file] = job.files;
      assert.deepEqual(
        [file?.state, file?.duplicate_of],
        ['duplicate', { job_id: original?.job_id, file: files[0]?.name }],
      );
    }
    assert.equal((await standIn.log()).requests.length, 1);
    await assertTranscriptOf(db, user.uid, letter);

    const again = await uploadFiles(user.idToken, files);
    assert.deepEqual(again.body.duplicate_files, [files[0]?.name]);
    assert.equal((await waitForJob(user.idToken, again.body.job_id)).status, 'completed');
  });
});
