/** Staging on the Storage emulator, which accepts bytes with a wrong MD5. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { createStaging } from '../../src/storage/staging.ts';
import { bucket, stagedObjects } from '../support/suite.ts';

describe('staging', () => {
  const staging = createStaging(bucket);
  const bytes = Buffer.from('some audio');
  const md5 = createHash('md5').update(bytes).digest('base64');
  let uid: string;
  let path: string;
  beforeEach(() => {
    uid = randomUUID();
    path = `uploads/${uid}/job1/größe (1)_1760000000.bin`;
  });

  it('stores the bytes privately, with the MD5 that the job records', async () => {
    const staged = await staging.put({ path, bytes, md5 });
    const file = bucket.file(path);
    const [content] = await file.download();
    const [{ md5Hash, size, contentType, cacheControl, generation }] = await file.getMetadata();
    assert.deepEqual(content, bytes);
    assert.deepEqual([md5Hash, Number(size)], [md5, bytes.length]);
    assert.deepEqual([contentType, cacheControl], ['application/octet-stream', 'private, no-store']);
    assert.equal(String(generation), staged.generation);
  });

  it('stores nothing if the bytes changed on the way', async () => {
    const other = createHash('md5').update('other').digest('base64');
    await assert.rejects(staging.put({ path, bytes, md5: other }));
    assert.deepEqual(await stagedObjects(uid), []);
  });

  it('can be repeated, and undone more than once', async () => {
    await staging.put({ path, bytes, md5 });
    const staged = await staging.put({ path, bytes, md5 });
    assert.deepEqual(await stagedObjects(uid), [path]);
    await staging.remove(staged);
    await staging.remove(staged);
    assert.deepEqual(await stagedObjects(uid), []);
  });
});
