/** The interface of channels that tell the user's devices of a finished job. */
import type { FinishedStatus } from 'offline-audio-sync-contract';

export interface JobFinished {
  readonly uid: string;
  readonly jobId: string;
  readonly status: FinishedStatus;
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
}

export interface Delivery {
  /** Devices for which FCM accepted the message. */
  readonly sent: number;
  /** Devices that no longer exist, whose tokens were therefore removed. */
  readonly removed: number;
}

export interface Notifier {
  /**
   * Never throws. A push is a hint and never the only way to learn of a job's end, so its failure is logged and does not change the
   * job.
   */
  jobFinished(message: JobFinished): Promise<Delivery>;
}
