import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { createStaging } from '../../../src/storage/staging.ts';
import type { Staging } from '../../../src/storage/staging.ts';
import { StorageServer } from '../../support/storageServer.ts';

const bytes = Buffer.from('some audio');
const md5 = createHash('md5').update(bytes).digest('base64');
const object = { path: 'uploads/alice/job1/a.bin', bytes, md5 };
const stored = { status: 200, body: { md5Hash: md5, size: String(bytes.length), generation: '17' } };

describe('createStaging', () => {
  let server: StorageServer;
  let staging: Staging;

  const closing = closeAfterEach();
  beforeEach(async () => {
    server = closing(await StorageServer.start());
    staging = createStaging(server.bucket);
  });

  it('sends bytes, MD5 and private cache metadata in one request', async () => {
    server.answers = [stored];
    assert.deepEqual(await staging.put(object), { path: object.path, generation: '17' });
    assert.equal(server.seen.length, 1);
    const { method, url, body } = server.seen[0]!;
    assert.deepEqual([method, url.searchParams.get('uploadType')], ['POST', 'multipart']);
    assert.equal(url.searchParams.get('name'), object.path);
    const metadata = JSON.parse(/\{.*\}/.exec(body)![0]) as Record<string, unknown>;
    assert.deepEqual(metadata, {
      md5Hash: md5,
      contentType: 'application/octet-stream',
      cacheControl: 'private, no-store',
      metadata: { stagedBy: 'server' },
    });
    assert.ok(body.includes('some audio'));
  });

  it('tries again when Storage is busy', async () => {
    server.answers = [{ status: 503 }, stored];
    assert.equal((await staging.put(object)).generation, '17');
    assert.equal(server.seen.length, 2);
  });

  it('fails at once when Storage refuses the bytes', async () => {
    server.answers = [{ status: 400, body: { error: { code: 400, message: 'Provided MD5 hash does not match.' } } }];
    await assert.rejects(staging.put(object), /MD5/);
    assert.equal(server.seen.length, 1);
  });

  it('removes an object that Storage has stored with other bytes than were sent', async () => {
    for (const wrong of [{ md5Hash: 'xxxx' }, { size: '3' }]) {
      server.seen = [];
      server.answers = [{ status: 200, body: { ...stored.body, ...wrong } }, { status: 204 }];
      await assert.rejects(staging.put(object), /other bytes/);
      assert.deepEqual(
        [server.seen[1]?.method, server.seen[1]?.url.searchParams.get('ifGenerationMatch')],
        ['DELETE', '17'],
      );
    }
  });

  it('removes the very generation that it wrote, and no other', async () => {
    server.answers = [{ status: 204 }];
    await staging.remove({ path: object.path, generation: '17' });
    assert.equal(server.seen[0]!.url.searchParams.get('ifGenerationMatch'), '17');
    assert.ok(decodeURIComponent(server.seen[0]!.url.pathname).endsWith(object.path));
  });

  it('removes an object without an error if it is gone or was overwritten, and in no other case', async () => {
    const staged = { path: object.path, generation: '17' };
    for (const status of [404, 412]) {
      server.answers = [{ status }];
      await staging.remove(staged);
    }
    server.answers = [{ status: 403 }];
    await assert.rejects(staging.remove(staged));
  });
});
