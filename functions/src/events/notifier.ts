/** The seam between a finished job and the channel that tells the user's devices about it. */
import type { FinishedStatus } from 'offline-audio-sync-contract';

export interface JobFinished {
  readonly uid: string;
  readonly jobId: string;
  readonly status: FinishedStatus;
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
}

export interface Delivery {
  /** Devices that the message was handed over for. */
  readonly sent: number;
  /** Devices that no longer exist, whose tokens were therefore removed. */
  readonly removed: number;
}

export interface Notifier {
  /**
   * Never throws: a push is a hint, never the only way to learn of a job's end, so its failure is logged and changes
   * nothing about the job.
   */
  jobFinished(message: JobFinished): Promise<Delivery>;
}
