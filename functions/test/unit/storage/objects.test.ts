import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { UploadedObjects } from '../../../src/storage/objects.ts';
import { StagedAudio } from '../../../src/storage/stagedAudio.ts';
import { StorageServer } from '../../support/storageServer.ts';

describe('A listing of objects', () => {
  let server: StorageServer;
  const closing = closeAfterEach();
  beforeEach(async () => {
    server = closing(await StorageServer.start());
  });

  it('requests only the fields that are used, because a thousand objects would otherwise be a megabyte', async () => {
    const item = { name: 'uploads/u/j/a.bin', generation: '7', timeCreated: '2026-01-05T00:00:00.000Z', size: '144' };
    const sealed = { ...item, md5Hash: 'abc==', metadata: { stagedBy: 'server' } };
    server.answers = [
      { status: 200, body: { items: [sealed, item], nextPageToken: 'more' } },
      { status: 200, body: { items: [{ name: item.name, generation: '7' }] } },
    ];
    const listed = { path: item.name, generation: '7', createdAtMs: Date.UTC(2026, 0, 5), size: 144 };
    assert.deepEqual(await new UploadedObjects(server.bucket).list('uploads/u/j/', null), {
      objects: [
        { ...listed, md5: 'abc==', isSealed: true },
        { ...listed, md5: null, isSealed: false },
      ],
      nextPageToken: 'more',
    });
    assert.deepEqual(await new StagedAudio(server.bucket).list('u', 'j'), [{ path: item.name, generation: '7' }]);
    assert.deepEqual(
      server.seen.map(({ url }) => url.searchParams.get('fields')),
      [
        'items(name,generation,timeCreated,size,md5Hash,metadata),nextPageToken',
        'items(name,generation),nextPageToken',
      ],
    );
  });
});
