import assert from 'node:assert/strict';
import { createJobsHandler } from '../../../src/endpoints/syncJobs.ts';
import type { JobListView } from 'offline-audio-sync-contract';
import type { JobQuery } from '../../../src/jobs/store.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { call } from '../../support/http.ts';
import type { Answer } from '../../support/http.ts';
import { recordingLogger } from '../../support/logger.ts';
import { memoryDeps, upload } from '../../support/uploads.ts';

async function list(
  query: Readonly<Record<string, string | string[]>>,
): Promise<{ answer: Answer<JobListView>; asked: JobQuery[] }> {
  const { job } = await acceptUpload(memoryDeps(), upload());
  const asked: JobQuery[] = [];
  const handler = createJobsHandler({
    authenticate: () => Promise.resolve({ uid: 'alice' }),
    jobs: {
      list: (jobQuery) => {
        asked.push(jobQuery);
        return Promise.resolve({ jobs: [{ id: 'job1', job }], nextPageToken: 'next' });
      },
    },
    logger: recordingLogger(),
  });
  return { answer: await call(handler, { query }), asked };
}

describe('GET /v2/sync/jobs', () => {
  it('asks for the caller’s own jobs, twenty at a time', async () => {
    assert.deepEqual((await list({})).asked, [{ uid: 'alice', limit: 20 }]);
    assert.deepEqual((await list({ uid: 'bob' })).asked, [{ uid: 'alice', limit: 20 }]);
  });

  it('passes on status, limit and page token', async () => {
    const { asked } = await list({ status: 'completed', limit: '100', page_token: 'abc' });
    assert.deepEqual(asked, [{ uid: 'alice', status: 'completed', limit: 100, pageToken: 'abc' }]);
  });

  it('shows summaries without files, and the way to the next page', async () => {
    const { status, body } = (await list({})).answer;
    assert.equal(status, 200);
    assert.equal(body.next_page_token, 'next');
    const job = body.jobs[0]!;
    assert.deepEqual([job.job_id, job.file_count, 'files' in job], ['job1', 3, false]);
  });

  const refused: Record<string, string | string[]>[] = [
    { limit: '0' },
    { limit: '101' },
    { limit: '-1' },
    { limit: '1.5' },
    { limit: 'ten' },
    { limit: '' },
    { limit: ['1', '2'] },
    { status: 'done' },
    { status: '' },
    { page_token: ['a', 'b'] },
    { page_token: 'x'.repeat(501) },
  ];
  for (const query of refused) {
    const [name, value] = Object.entries(query)[0]!;
    it(`refuses ${name}=${String(value).slice(0, 10)}`, async () => {
      const { answer, asked } = await list(query);
      const { status, problem } = answer;
      assert.deepEqual([status, problem.code, asked], [400, 'invalid_request', []]);
      assert.ok(problem.message.startsWith(`${name}: `), problem.message);
    });
  }
});
