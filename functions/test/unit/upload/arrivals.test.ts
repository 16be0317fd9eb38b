import assert from 'node:assert/strict';
import { receiveAll } from '../../../src/upload/arrivals.ts';
import type { ArrivalDeps } from '../../../src/upload/arrivals.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { memoryDeps, upload } from '../../support/uploads.ts';

describe('an upload of which nothing has arrived', () => {
  it('is checked in Storage alone: its recordings are not read', async () => {
    const memory = memoryDeps();
    const { job } = await acceptUpload(memory, upload());
    const waiting = { ...job, status: 'uploading', upload: 'direct', fileCounts: { ...job.fileCounts, expected: 3 } };
    const deps = {
      ...memory,
      jobs: { get: () => Promise.resolve(waiting), update: () => assert.fail('changed') },
      files: { pages: () => assert.fail('read'), read: () => assert.fail('read') },
      objects: { list: () => Promise.resolve({ objects: [], nextPageToken: null }) },
    } as unknown as ArrivalDeps;
    assert.equal((await receiveAll('alice', 'job1', deps)).size, 0);
  });
});
