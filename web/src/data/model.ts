/** What the console shows, as plain values: times are Unix milliseconds, durations seconds. */

import type { FileState, JobStatus } from '../../../client/src/index.ts';

/** `audio = speech + silent + duplicate + failed` when the job has ended. */
export interface Ledger {
  readonly audioSeconds: number;
  readonly speechSeconds: number;
  readonly silentSeconds: number;
  readonly duplicateSeconds: number;
  readonly failedSeconds: number;
}

export interface Failure {
  /** Recording name; null when it is the whole job's. */
  readonly file: string | null;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export interface JobFile {
  readonly name: string;
  readonly deviceId: string;
  readonly startedAt: number;
  readonly sizeBytes: number;
  readonly state: FileState;
  /** Null until it was read. */
  readonly durationSeconds: number | null;
  readonly speechSeconds: number | null;
  /** Could not be decoded, or was refused; known with its final state. */
  readonly failedSeconds: number | null;
  readonly duplicateOf: string | null;
  readonly error: Failure | null;
}

export interface Job {
  readonly id: string;
  readonly deviceId: string;
  readonly status: JobStatus;
  readonly stage: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly files: readonly JobFile[];
  readonly ledger: Ledger;
  readonly billedSeconds: number;
  readonly waitingFor: { readonly reason: string; readonly message: string; readonly until: number | null } | null;
  readonly failures: readonly Failure[];
  /** New and updated ones. */
  readonly conversationIds: readonly string[];
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly expiresAt: number;
}

export interface Conversation {
  readonly id: string;
  readonly deviceId: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly title: string | null;
  readonly overview: string | null;
  /** Nothing but "um" or a cough. */
  readonly onlyFillers: boolean;
  readonly language: string | null;
  readonly wordCount: number;
  readonly speechSeconds: number;
  readonly revision: number;
}

/** What somebody said without a longer pause. */
export interface Segment {
  readonly id: string;
  readonly deviceId: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly text: string;
  readonly language: string | null;
  readonly confidence: number;
  readonly chunkId: string;
  readonly speaker: number | null;
}

export interface FairUse {
  readonly stage: 'none' | 'throttled' | 'restricted';
  /** When it ends by itself; null: it does not. */
  readonly until: number | null;
  readonly reason: string | null;
}

export interface UsageDay {
  /** `yyyy-mm-dd`, UTC. */
  readonly day: string;
  readonly audioSeconds: number;
  readonly speechSeconds: number;
  readonly billedSeconds: number;
  readonly requests: number;
}
