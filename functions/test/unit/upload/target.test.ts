import assert from 'node:assert/strict';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { codeOf } from '../../support/errors.ts';
import { memoryDeps, upload } from '../../support/uploads.ts';

describe('An upload for a given conversation', () => {
  const fields = { deviceId: null, conversationId: 'c1', clockOffsetMs: 0 };

  it('is refused if that is missing, deleted or another user’s, and leaves nothing behind', async () => {
    const deps = memoryDeps();
    deps.conversations.gone.add('c1');
    assert.equal(await codeOf(acceptUpload(deps, upload({ fields }))), 'conversation_not_found');
    assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size, deps.queue.tasks.size], [0, 0, 0]);
  });

  it('is refused if none of the recordings is from its device', async () => {
    const deps = memoryDeps();
    deps.conversations.deviceId = 'glasses';
    assert.equal(await codeOf(acceptUpload(deps, upload({ fields }))), 'conversation_of_other_device');
    assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size], [0, 0]);
  });

  it('stays accepted if the conversation is deleted before the client asks again', async () => {
    const deps = memoryDeps();
    const sent = upload({ fields, idempotencyKey: 'k1' });
    const { jobId } = await acceptUpload(deps, sent);
    deps.conversations.gone.add('c1');
    assert.equal((await acceptUpload(deps, sent)).jobId, jobId);
  });
});
