import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { StagedAudio } from '../../../src/storage/stagedAudio.ts';
import { UploadedObjects } from '../../../src/storage/objects.ts';
import { StorageServer } from '../../support/storageServer.ts';
import { until } from '../../support/until.ts';

const PATH = 'uploads/alice/job1/a.bin';
const OBJECT = { generation: '17', timeCreated: '2026-11-22T10:00:00Z', size: '3', md5Hash: 'abc=' };

describe('stagingBucket', () => {
  let server: StorageServer;
  const closing = closeAfterEach();
  beforeEach(async () => {
    server = closing(await StorageServer.start());
  });

  it('repeats a request for which Storage was too busy, during a deletion and after it', async () => {
    let release = (): void => undefined;
    const after = new Promise<void>((resolve) => (release = resolve));
    server.answers = [{ status: 204, after }, { status: 503 }, { status: 200, body: OBJECT }];
    const deleted = new StagedAudio(server.bucket).delete([PATH]);
    await until(() => server.seen.length === 1);
    assert.equal((await server.bucket.file(PATH).getMetadata())[0].size, '3');
    release();
    await deleted;
    server.answers = [{ status: 503 }, { status: 200, body: OBJECT }];
    assert.equal((await server.bucket.file(PATH).getMetadata())[0].size, '3');
  });

  it('repeats a deletion for which Storage was too busy', async () => {
    server.answers = [{ status: 503 }, { status: 204 }];
    await new StagedAudio(server.bucket).delete([PATH]);
    server.answers = [{ status: 503 }, { status: 204 }];
    await new UploadedObjects(server.bucket).delete({ path: PATH, generation: '17' });
    assert.deepEqual(
      server.seen.map(({ method }) => method),
      Array(4).fill('DELETE'),
    );
  });
});
