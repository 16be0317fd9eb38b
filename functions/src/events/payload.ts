/** What a device receives when a job has finished: the data of a silent message. Values are strings, as FCM wants them. */
import { PUSH_TYPE } from 'offline-audio-sync-contract';
import type { PushData } from 'offline-audio-sync-contract';
import type { JobFinished } from './notifier.ts';

/**
 * Bytes of the message as Apple gets it: JSON, 4,096 in all (FCM's own limit is the same, but does not count JSON's quotes
 * and escapes). FCM adds its message and sender ids, for which some are left.
 */
const MAX_BYTES = 4096 - 256;

/**
 * `type`, `job_id`, `status`, and the ids as JSON arrays in `new_conversation_ids` and `updated_conversation_ids`. Where the
 * ids do not fit, their numbers in `new_conversation_count` and `updated_conversation_count` and `truncated: "true"` instead:
 * the app asks for the job's status then.
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
