import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { AppError } from '../../../src/errors.ts';
import { createStatusHandler } from '../../../src/endpoints/syncStatus.ts';
import type { JobView } from 'offline-audio-sync-contract';
import type { JobWithFiles } from '../../support/jobFiles.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { currentFiles } from '../../../src/upload/arrivals.ts';
import type { OpenFiles } from '../../../src/jobs/files.ts';
import { call } from '../../support/http.ts';
import type { Answer } from '../../support/http.ts';
import { recordingLogger } from '../../support/logger.ts';
import { CAPTURED_AT, pcmName } from '../../support/recordings.ts';
import { memoryDeps, recordings, upload } from '../../support/uploads.ts';

async function acceptedJob(): Promise<JobWithFiles> {
  const deps = memoryDeps();
  const { jobId, job } = await acceptUpload(deps, upload({ recordings: recordings(1) }));
  return { ...job, files: deps.files.byJob.get(jobId)! };
}

function ask(
  job: JobWithFiles | null,
  query: Readonly<Record<string, string | string[]>>,
  uid = 'alice',
): Promise<Answer<JobView>> {
  const handler = createStatusHandler({
    authenticate: () => Promise.resolve({ uid }),
    jobs: { get: (id) => Promise.resolve(id === 'job1' ? job : assert.fail(`asked for ${id}`)) },
    filesOf: (jobId, asked) =>
      currentFiles(jobId, asked, {
        files: { read: () => Promise.resolve({ all: [...(job?.files ?? [])] } as unknown as OpenFiles) },
        objects: { list: () => assert.fail('asked Storage') },
      }),
    logger: recordingLogger(),
  });
  return call(handler, { query });
}

describe('GET /v2/sync/status', () => {
  it('shows a job that waits', async () => {
    const { status, body } = await ask(await acceptedJob(), { job_id: 'job1' });
    assert.equal(status, 200);
    const { created_at, updated_at, expires_at, ...rest } = body;
    for (const time of [created_at, updated_at, expires_at])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, {
      job_id: 'job1',
      status: 'pending',
      stage: 'queued',
      percent: 0,
      device_id: 'omi',
      file_count: 1,
      ledger: { audio_seconds: 0, speech_seconds: 0, silent_seconds: 0, duplicate_seconds: 0, failed_seconds: 0 },
      new_conversation_ids: [],
      updated_conversation_ids: [],
      failures: [],
      waiting_for: { reason: 'queue', message: 'Waiting for a worker.', until: null },
      finished_at: null,
      acknowledged_at: null,
      files: [
        {
          name: pcmName(),
          state: 'staged',
          device_id: 'omi',
          started_at: new Date(CAPTURED_AT * 1000).toISOString(),
          size_bytes: 648,
          duration_seconds: 0.02,
          speech_seconds: null,
          duplicate_of: null,
          error: null,
        },
      ],
    });
  });

  it('shows how a job ended, what it waits for, and what failed', async () => {
    const accepted = await acceptedJob();
    const time = Timestamp.fromMillis(Date.UTC(2025, 9, 9, 10));
    const failure = { file: pcmName(), code: 'recording_corrupt' as const, message: 'No.', retryable: false };
    const job: JobWithFiles = {
      ...accepted,
      status: 'partial',
      progress: { ...accepted.progress, stage: 'done', percent: 100 },
      ledger: { audioSeconds: 10, speechSeconds: 4, silentSeconds: 3, duplicateSeconds: 2, failedSeconds: 1 },
      newConversationIds: ['n'],
      updatedConversationIds: ['u'],
      failures: [failure],
      files: [{ ...accepted.files[0]!, state: 'failed', speechSeconds: 4, error: failure }],
      waitingFor: { reason: 'transcription_rate_limited', message: 'Wait.', until: time },
      finishedAt: time,
      acknowledgedAt: time,
    };
    const { body } = await ask(job, { job_id: 'job1' });
    const iso = '2025-10-09T10:00:00.000Z';
    assert.deepEqual([body.status, body.stage, body.percent], ['partial', 'done', 100]);
    assert.deepEqual(body.ledger, {
      audio_seconds: 10,
      speech_seconds: 4,
      silent_seconds: 3,
      duplicate_seconds: 2,
      failed_seconds: 1,
    });
    assert.deepEqual([body.new_conversation_ids, body.updated_conversation_ids], [['n'], ['u']]);
    assert.deepEqual(body.failures, [failure]);
    assert.deepEqual(
      [body.files[0]?.state, body.files[0]?.speech_seconds, body.files[0]?.error],
      ['failed', 4, failure],
    );
    assert.deepEqual(body.waiting_for, { reason: 'transcription_rate_limited', message: 'Wait.', until: iso });
    assert.deepEqual([body.finished_at, body.acknowledged_at], [iso, iso]);
  });

  it('never shows other users, places in Storage or workers', async () => {
    const { body } = await ask(await acceptedJob(), { job_id: 'job1' });
    const text = JSON.stringify(body);
    for (const word of ['alice', 'uploads/', 'md5', 'lease', 'epoch', 'hash']) assert.ok(!text.includes(word), word);
  });

  it('has the same answer for an unknown job and for one of another user', async () => {
    const unknown = await ask(null, { job_id: 'job1' });
    const foreign = await ask(await acceptedJob(), { job_id: 'job1' }, 'mallory');
    assert.deepEqual([unknown.status, unknown.problem.code], [404, 'job_not_found']);
    assert.deepEqual([foreign.status, foreign.body], [unknown.status, unknown.body]);
  });

  it('does not ask Firestore for an impossible id', async () => {
    for (const jobId of ['a/b', '../x', 'job1/chunks/c', '.', 'x'.repeat(129), 'é']) {
      const { status, problem } = await ask(null, { job_id: jobId });
      assert.deepEqual([status, problem.code], [404, 'job_not_found'], jobId);
    }
  });

  it('requires exactly one job_id', async () => {
    for (const query of [{}, { job_id: '' }, { job_id: ['job1', 'job2'] }]) {
      const { status, problem } = await ask(null, query);
      assert.deepEqual([status, problem.code], [400, 'invalid_request']);
      assert.match(problem.message, /^job_id: /);
    }
  });

  it('refuses requests without a token', async () => {
    const handler = createStatusHandler({
      authenticate: () => Promise.reject(new AppError('unauthenticated')),
      jobs: { get: () => assert.fail('asked') },
      filesOf: () => assert.fail('asked'),
      logger: recordingLogger(),
    });
    assert.equal((await call(handler, { query: { job_id: 'job1' } })).status, 401);
  });
});
