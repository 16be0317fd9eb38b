/** What can go wrong, sorted by what to do about it. */

/**
 * - `bad_name`, `bad_frame`, `empty_recording`, `recording_too_large`: `add` did not take it; nothing was stored.
 * - `not_found`: there is no such recording.
 * - `busy`: it cannot be done while the recording is on its way.
 * - `signed_out`: there is no user.
 * - `disposed`: the client was disposed of.
 */
export type SyncErrorCode =
  | 'bad_name'
  | 'bad_frame'
  | 'empty_recording'
  | 'recording_too_large'
  | 'not_found'
  | 'busy'
  | 'signed_out'
  | 'disposed';

/** A call that this library refuses. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;

  constructor(code: SyncErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the server says is wrong with one recording of a request. */
export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Why a request brought nothing.
 * - `network`: no answer, or none of ours. Says nothing about the recordings.
 * - `wait`: the server wants to be asked later (429, 503). Never a failure.
 * - `signed_out`: there is no user whom the server knows.
 * - `server`: it failed there; it may succeed another time, but not for ever.
 * - `refused`: the same request gets the same answer.
 */
export type RequestErrorKind = 'network' | 'wait' | 'signed_out' | 'server' | 'refused';

export interface RequestErrorOptions {
  /** HTTP; 0 without an answer. */
  readonly status?: number;
  readonly details?: readonly FileProblem[];
  /** As the server asks for it. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly kind: RequestErrorKind;
  /** Of the server's catalogue, or `network`, `timeout`, `http_STATUS`. */
  readonly code: string;
  readonly status: number;
  readonly details: readonly FileProblem[];
  readonly retryAfterMs: number | null;

  constructor(kind: RequestErrorKind, code: string, message: string, options: RequestErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.status = options.status ?? 0;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
