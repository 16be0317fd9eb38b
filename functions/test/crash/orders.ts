/** What the parent sends to a worker process (one argument, JSON), and what it receives (file descriptor 3, JSON lines). */
import type { Plan } from './boundaries.ts';
import type { TaskPayload } from '../../src/jobs/job.ts';

interface Order {
  readonly projectId: string;
  /** How far the clock is ahead, milliseconds. */
  readonly aheadMs: number;
  readonly plan: Plan | null;
}

/** The order to deliver a task. */
export interface TaskOrder extends Order {
  readonly payload: TaskPayload;
  /** The address of the stand-in; null if the worker itself recognises speech. */
  readonly standInUrl: string | null;
  readonly leaseMs: number;
  readonly workMs: number;
  /** Time limit of one request to the stand-in, milliseconds. */
  readonly requestTimeoutMs: number;
  /** The timeout of the task, milliseconds. */
  readonly taskMs: number;
  /** Whether Storage fails when the first recording is opened. */
  readonly failRead: boolean;
}

/** The order to upload samples. */
export interface UploadOrder extends Order {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly scenarios: readonly string[];
  /** Whether Storage fails at the last recording. */
  readonly failStaging: boolean;
}

export type Event =
  | { readonly event: 'enqueued'; readonly payload: TaskPayload; readonly redrive: number }
  /** It has reached a boundary. If it never ends, this shows what it did last. */
  | { readonly event: 'at'; readonly boundary: string }
  /** It is about to be killed, and does nothing more that has an effect. */
  | { readonly event: 'dying' }
  /** The local recogniser has answered: SHA-256 of the audio. */
  | { readonly event: 'recognised'; readonly requestId: string; readonly sha256: string }
  /** It is frozen. `asking`: the SHA-256 of the audio of each request to the stand-in that is in flight. */
  | { readonly event: 'frozen'; readonly asking: readonly string[] }
  /** Its plan is carried out, and does not end it: a hang, or an outage. */
  | { readonly event: 'met' }
  /** The code under test ends the process. */
  | { readonly event: 'exited' }
  | { readonly event: 'returned' }
  /** `expected`: the error is intended, so that the platform delivers the task again. */
  | { readonly event: 'threw'; readonly error: string; readonly expected: boolean };
