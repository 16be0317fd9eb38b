/**
 * The data of the silent message that a device gets when a job has ended. FCM carries strings only. Types, not interfaces: FCM's SDK
 * asks for an index signature.
 */
import type { FinishedStatus } from './job.ts';

export const PUSH_TYPE = 'offline_sync_completed';

type PushedJob = Readonly<{
  type: typeof PUSH_TYPE;
  job_id: string;
  status: FinishedStatus;
}>;

/** The ids are JSON arrays. */
export type WholePush = PushedJob & {
  readonly new_conversation_ids: string;
  readonly updated_conversation_ids: string;
};

/** Sent if the ids do not fit: has their numbers, and the app asks for the job's status. */
export type TruncatedPush = PushedJob & {
  readonly new_conversation_count: string;
  readonly updated_conversation_count: string;
  readonly truncated: 'true';
};

export type PushData = WholePush | TruncatedPush;
