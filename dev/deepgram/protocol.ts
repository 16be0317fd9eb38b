/** The stand-in's own addresses for tests and tools, beside Deepgram's contract: `/_standin/…`. */
import * as z from 'zod';
import { sampleSchema } from '../samples/samples.ts';

/** A rule by which the stand-in misbehaves. The first rule that matches a request, and is not used up, applies. */
export const behaviourSchema = z.strictObject({
  /** The number of requests to which it applies; if missing, all. */
  times: z.int().positive().optional(),
  /** Restricts it to the nth request since the last reset (from 1), to this audio, or to audio in which this word is said. */
  match: z
    .strictObject({ nth: z.int().positive().optional(), sha256: z.string().optional(), word: z.string().optional() })
    .optional(),
  /** Waits until the rules are replaced, then continues. */
  held: z.boolean().optional(),
  /** Waits before it continues, milliseconds. */
  delayMs: z.int().nonnegative().optional(),
  /** Answers this error instead of a transcript. */
  status: z.int().min(400).max(599).optional(),
  /** Seconds in the header Retry-After; with `status`. */
  retryAfter: z.int().nonnegative().optional(),
  /** Never answers. */
  hang: z.boolean().optional(),
  /** Transcribes the audio, and breaks the connection in the middle of the answer. */
  closeMidBody: z.boolean().optional(),
  /** Answers 200 with an empty object: no `results`. */
  emptyOk: z.boolean().optional(),
});
export type Behaviour = z.infer<typeof behaviourSchema>;

/** One scenario to recognise from now on: its sidecar, and its files by name in base64. */
export const registrationSchema = z.strictObject({
  sidecar: sampleSchema,
  files: z.record(z.string(), z.base64()),
});
export type Registration = z.infer<typeof registrationSchema>;

export type Outcome =
  /** The request is still being answered. */
  | 'open'
  | 'answered'
  /** The client went away before the answer was complete, or the stand-in cut it off. */
  | 'broken';

/** One request to `/v1/listen`. Neither words nor keys are in it. */
export interface LogEntry {
  readonly requestId: string;
  /** From 1, since the last reset. */
  readonly nth: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly contentType: string | null;
  readonly bytes: number;
  readonly sha256: string;
  /** Length of the audio; 0 if it could not be opened. */
  readonly audioSeconds: number;
  /** What the service would bill: the audio of a transcribed request, whether or not the answer arrived. */
  readonly billedSeconds: number;
  readonly status: number | null;
  readonly outcome: Outcome;
  readonly words: number;
  /** Why it was refused. */
  readonly problem: string | null;
}

/** One request to `/v1/read`. The text is not in it. */
export interface ReadEntry {
  readonly requestId: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly status: number;
  readonly words: number;
  /** Why it was refused. */
  readonly problem: string | null;
}

export interface Log {
  readonly requests: readonly LogEntry[];
  readonly reads: readonly ReadEntry[];
  /** The most requests that were open at the same time since the last reset. */
  readonly maxConcurrent: number;
  /** Requests that are still being worked on, their connection open or not. */
  readonly working: number;
}
