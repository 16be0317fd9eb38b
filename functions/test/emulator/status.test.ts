import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import type { JobFile, JobStatus } from '../../src/jobs/job.ts';
import { JobStore, newJob } from '../../src/jobs/store.ts';
import { bearer, getStatus, listJobs, send } from '../support/client.ts';
import { jobFile } from '../support/jobFiles.ts';
import { db, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';

const DAY_MS = 24 * 3600 * 1000;

describe('A request for jobs', () => {
  const jobs = new JobStore(db);
  let user: TestUser;
  beforeEach(async () => {
    user = await signUp();
  });

  /** Creates a job with the store. @param nowMs when it is created, Unix milliseconds */
  async function createJob(
    uid: string,
    nowMs = Date.now(),
    status: JobStatus = 'pending',
    files: readonly JobFile[] = [],
  ): Promise<string> {
    const jobId = jobs.newId();
    const fresh = newJob({
      uid,
      deviceId: 'omi',
      files,
      upload: 'multipart',
      uploadExpiryMs: DAY_MS,
      conversationId: null,
      contentHash: null,
      nowMs,
      retentionMs: DAY_MS,
    });
    assert.ok(await jobs.create(jobId, { ...fresh, job: { ...fresh.job, status } }));
    return jobId;
  }

  it('returns a job of the user', async () => {
    const jobId = await createJob(user.uid);
    const { status, headers, body } = await getStatus(user.idToken, jobId);
    assert.deepEqual([status, body.job_id, body.status], [200, jobId, 'pending']);
    assert.equal(headers.get('cache-control'), 'private, no-store');
  });

  it('has the same answer for an unknown job and for one of another user', async () => {
    const theirs = await createJob((await signUp()).uid);
    const foreign = await getStatus(user.idToken, theirs);
    const unknown = await getStatus(user.idToken, 'no-such-job');
    assert.deepEqual([foreign.status, foreign.problem.code], [404, 'job_not_found']);
    assert.deepEqual([unknown.status, unknown.body], [foreign.status, foreign.body]);
    assert.equal((await getStatus(user.idToken, encodeURIComponent(`${theirs}/chunks/x`))).status, 404);
    assert.deepEqual((await listJobs(user.idToken)).body.jobs, []);
  });

  it('is refused without job_id, without a token, or with the wrong method', async () => {
    const jobId = await createJob(user.uid);
    const missing = await send('syncStatus', { headers: bearer(user.idToken) });
    assert.deepEqual([missing.status, missing.problem.code], [400, 'invalid_request']);
    for (const name of ['syncStatus', 'syncJobs']) {
      const query = `?job_id=${jobId}`;
      for (const init of [{}, { headers: bearer('nonsense') }]) {
        const stranger = await send(name, init, query);
        assert.deepEqual([stranger.status, stranger.problem.code], [401, 'unauthenticated']);
      }
      const posted = await send(name, { method: 'POST', headers: bearer(user.idToken) }, query);
      assert.deepEqual([posted.status, posted.problem.code], [405, 'method_not_allowed']);
      assert.equal(posted.headers.get('allow'), 'GET, HEAD, OPTIONS');
    }
  });

  it('lists the jobs of the user, newest first, page by page, each once', async () => {
    const begun = Date.now();
    const ids: string[] = [];
    // Some jobs have the same millisecond: they are ordered by id, and no page may skip or repeat one.
    for (const offset of [0, 1, 2, 2, 2, 3, 4]) ids.push(await createJob(user.uid, begun + offset));
    await createJob((await signUp()).uid, begun + 10);

    const seen: { job_id: string; created_at: string }[] = [];
    let query = '?limit=2';
    for (let pages = 1; ; pages += 1) {
      const { status, body } = await listJobs(user.idToken, query);
      assert.equal(status, 200);
      seen.push(...body.jobs);
      if (body.next_page_token === null) {
        assert.equal(pages, 4);
        break;
      }
      query = `?limit=2&page_token=${body.next_page_token}`;
    }
    assert.deepEqual(seen.map(({ job_id }) => job_id).sort(), [...ids].sort());
    const times = seen.map(({ created_at }) => created_at);
    assert.deepEqual(times, [...times].sort().reverse());
  });

  it('lists jobs without reading their files, of which a page may have a hundred thousand', async () => {
    const files = ['a.bin', 'b.bin'].map((name) => jobFile({ name }));
    const jobId = await createJob(user.uid, Date.now(), 'pending', files);
    const page = await jobs.list({ uid: user.uid, limit: 1 });
    assert.ok(!('files' in page.jobs[0]!.job));
    const { body } = await listJobs(user.idToken);
    assert.deepEqual(
      body.jobs.map(({ job_id, file_count }) => [job_id, file_count]),
      [[jobId, 2]],
    );
  });

  it('lists twenty jobs if no limit is given', async () => {
    await Promise.all(Array.from({ length: 21 }, (_, index) => createJob(user.uid, Date.now() + index)));
    const { body } = await listJobs(user.idToken);
    assert.equal(body.jobs.length, 20);
    assert.notEqual(body.next_page_token, null);
  });

  it('lists the jobs of one status', async () => {
    const done = await createJob(user.uid, Date.now(), 'completed');
    await createJob(user.uid, Date.now() + 1, 'failed');
    const { body } = await listJobs(user.idToken, '?status=completed');
    assert.deepEqual(
      body.jobs.map(({ job_id }) => job_id),
      [done],
    );
  });

  it('is refused with a page token that was never issued', async () => {
    // The last ones are dates and ids that Firestore itself would refuse.
    const forged = [
      'x',
      1,
      null,
      ['x', 1, 2],
      [1, 0, 'a/b'],
      [1, 0, '__a__'],
      [1, 0, ''],
      [1, -1, 'a'],
      [1e15, 0, 'a'],
    ];
    const tokens = forged.map((content) => Buffer.from(JSON.stringify(content)).toString('base64url'));
    for (const token of ['nonsense', ...tokens]) {
      const { status, problem } = await listJobs(user.idToken, `?page_token=${token}`);
      assert.deepEqual([status, problem.code], [400, 'invalid_request'], token);
    }
  });

  it('finds a job until its own upload discards it, which is possible only while it is uploading', async () => {
    const createdAt = (await jobs.get(await createJob(user.uid, 1_760_000_000_000)))!.createdAt;
    const uploading = await createJob(user.uid, 1_760_000_000_000, 'uploading');
    const pending = await createJob(user.uid, 1_760_000_000_000);
    assert.equal(await jobs.discard(uploading, Timestamp.fromMillis(1)), false);
    assert.equal(await jobs.discard(pending, createdAt), false);
    assert.notEqual(await jobs.get(uploading), null);
    assert.equal(await jobs.discard(uploading, createdAt), true);
    assert.equal(await jobs.get(uploading), null);
    assert.equal(await jobs.discard(uploading, createdAt), true);
  });
});
