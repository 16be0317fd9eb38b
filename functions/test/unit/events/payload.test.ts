import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jobFinishedData } from '../../../src/events/payload.ts';

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(19, '0')}`);

describe('the data of a push', () => {
  it('contains all ids if they fit', () => {
    const created = ids(60, 'n');
    const updated = ids(60, 'u');
    assert.deepEqual(
      jobFinishedData({
        uid: 'ann',
        jobId: 'job-1',
        status: 'partial',
        newConversationIds: created,
        updatedConversationIds: updated,
      }),
      {
        type: 'offline_sync_completed',
        job_id: 'job-1',
        status: 'partial',
        new_conversation_ids: JSON.stringify(created),
        updated_conversation_ids: JSON.stringify(updated),
      },
    );
  });

  it('contains the numbers of ids if the ids do not fit, and says so', () => {
    const data = jobFinishedData({
      uid: 'ann',
      jobId: 'job-1',
      status: 'completed',
      newConversationIds: ids(200, 'n'),
      updatedConversationIds: ids(3, 'u'),
    });
    assert.deepEqual(data, {
      type: 'offline_sync_completed',
      job_id: 'job-1',
      status: 'completed',
      new_conversation_count: '200',
      updated_conversation_count: '3',
      truncated: 'true',
    });
  });

  it('fits FCM’s and Apple’s 4,096 bytes, whatever the number of conversations', () => {
    const conversations = fc.array(fc.string({ minLength: 1, maxLength: 30 }), { maxLength: 300 });
    fc.assert(
      fc.property(conversations, conversations, (newConversationIds, updatedConversationIds) => {
        const message = {
          uid: 'u',
          jobId: 'j'.repeat(128),
          status: 'completed',
          newConversationIds,
          updatedConversationIds,
        } as const;
        const data = jobFinishedData(message);
        assert.ok(Buffer.byteLength(JSON.stringify({ aps: { 'content-available': 1 }, ...data })) <= 4096 - 256);
        assert.ok(Buffer.byteLength(Object.entries(data).flat().join('')) <= 4096);
      }),
    );
  });
});
