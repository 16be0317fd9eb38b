/** The data of the silent message that a device receives when a job has finished. All values are strings, as FCM requires. */
import { PUSH_TYPE } from 'offline-audio-sync-contract';
import type { PushData } from 'offline-audio-sync-contract';
import type { JobFinished } from './notifier.ts';

/**
 * Bytes of the message as Apple gets it: JSON, 4,096 in all (FCM's own limit is the same, but does not count JSON's quotes and
 * escapes). Some are left for the message and sender ids that FCM adds.
 */
const MAX_BYTES = 4096 - 256;

/**
 * `type`, `job_id`, `status`, and the ids as JSON arrays in `new_conversation_ids` and `updated_conversation_ids`. If the ids do not
 * fit, it has their numbers instead, in `new_conversation_count` and `updated_conversation_count`, and `truncated: "true"`: then the
 * app asks for the job's status.
 */
export function jobFinishedData(message: JobFinished): PushData {
  const { jobId, status, newConversationIds, updatedConversationIds } = message;
  const job = { type: PUSH_TYPE, job_id: jobId, status } as const;
  const whole = {
    ...job,
    new_conversation_ids: JSON.stringify(newConversationIds),
    updated_conversation_ids: JSON.stringify(updatedConversationIds),
  };
  if (bytesAtApple(whole) <= MAX_BYTES) return whole;
  return {
    ...job,
    new_conversation_count: String(newConversationIds.length),
    updated_conversation_count: String(updatedConversationIds.length),
    truncated: 'true',
  };
}

function bytesAtApple(data: PushData): number {
  return Buffer.byteLength(JSON.stringify({ aps: { 'content-available': 1 }, ...data }));
}
