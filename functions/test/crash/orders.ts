/** What the parent tells a worker process (one argument, JSON), and what it hears from it (file descriptor 3, JSON lines). */
import type { Plan } from './boundaries.ts';
import type { TaskPayload } from '../../src/jobs/job.ts';

interface Order {
  readonly projectId: string;
  /** How far the clock is ahead, milliseconds. */
  readonly aheadMs: number;
  readonly plan: Plan | null;
}

/** Deliver a task. */
export interface TaskOrder extends Order {
  readonly payload: TaskPayload;
  /** Where the stand-in listens; null where the worker itself recognises speech. */
  readonly standInUrl: string | null;
  readonly leaseMs: number;
  readonly workMs: number;
  /** Of one request to the stand-in, milliseconds. */
  readonly requestTimeoutMs: number;
  /** When the platform answers for the worker, milliseconds. */
  readonly taskMs: number;
  /** Storage fails when the first recording is opened. */
  readonly failRead: boolean;
}

/** Upload samples. */
export interface UploadOrder extends Order {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly scenarios: readonly string[];
  /** Storage fails at the last recording. */
  readonly failStaging: boolean;
}

export type Event =
  | { readonly event: 'enqueued'; readonly payload: TaskPayload; readonly redrive: number }
  /** It comes to a boundary: what it was doing last, should it never end. */
  | { readonly event: 'at'; readonly boundary: string }
  /** About to be killed; nothing that has an effect happens any more. */
  | { readonly event: 'dying' }
  /** The local recogniser has answered: SHA-256 of the audio. */
  | { readonly event: 'recognised'; readonly requestId: string; readonly sha256: string }
  /** It is frozen. `asking`: SHA-256 of the audio of each request to the stand-in that has begun and not ended. */
  | { readonly event: 'frozen'; readonly asking: readonly string[] }
  /** What the plan has for it has come, and does not end it: a hang, or an outage. */
  | { readonly event: 'met' }
  /** The product ended the process. */
  | { readonly event: 'exited' }
  | { readonly event: 'returned' }
  /** `expected`: as the product means it, for the platform to deliver again. */
  | { readonly event: 'threw'; readonly error: string; readonly expected: boolean };
