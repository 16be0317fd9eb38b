import assert from 'node:assert/strict';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { codeOf } from '../../support/errors.ts';
import { memoryDeps, upload } from '../../support/uploads.ts';

describe('an upload with a conversation to be added to', () => {
  const fields = { deviceId: null, conversationId: 'c1', clockOffsetMs: 0 };

  it('refuses one that is not there, was deleted or is somebody else’s, and leaves nothing behind', async () => {
    const deps = memoryDeps();
    deps.conversations.gone.add('c1');
    assert.equal(await codeOf(acceptUpload(deps, upload({ fields }))), 'conversation_not_found');
    assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size, deps.queue.tasks.size], [0, 0, 0]);
  });

  it('refuses one of a device that none of the recordings is from', async () => {
    const deps = memoryDeps();
    deps.conversations.deviceId = 'glasses';
    assert.equal(await codeOf(acceptUpload(deps, upload({ fields }))), 'conversation_of_other_device');
    assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size], [0, 0]);
  });

  it('stands by an upload that it accepted when the conversation is deleted before the client asks again', async () => {
    const deps = memoryDeps();
    const sent = upload({ fields, idempotencyKey: 'k1' });
    const { jobId } = await acceptUpload(deps, sent);
    deps.conversations.gone.add('c1');
    assert.equal((await acceptUpload(deps, sent)).jobId, jobId);
  });
});
