/** What can go wrong, sorted by what to do about it. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import type { ClientErrorCode, ReceivedErrorCode } from 'offline-audio-sync-contract';

/**
 * - `bad_name`, `bad_device_id`, `bad_frame`, `empty_recording`, `recording_too_large`: `add` refused the recording; nothing was
 *   stored.
 * - `not_found`: there is no such recording.
 * - `busy`: this cannot be done while the recording is being uploaded or processed.
 * - `signed_out`: there is no user.
 * - `account_gone`: the user's account was deleted or disabled.
 * - `disposed`: the client was disposed of.
 */
export type SyncErrorCode = Extract<
  ClientErrorCode,
  | 'bad_name'
  | 'bad_device_id'
  | 'bad_frame'
  | 'empty_recording'
  | 'recording_too_large'
  | 'not_found'
  | 'busy'
  | 'signed_out'
  | 'account_gone'
  | 'disposed'
>;

/** The error of a call that this library refuses. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;

  constructor(code: SyncErrorCode, message: string = CLIENT_CATALOGUE[code].message) {
    super(message);
    this.code = code;
  }
}

/** The server's problem with one recording of a request. */
export interface FileProblem {
  readonly file: string;
  readonly code: ReceivedErrorCode;
  readonly message: string;
}

/**
 * Why a request failed. Only an answer in our server's own shape counts as its verdict; every other answer is `network`.
 * - `network`: there was no answer, or another machine answered: a portal, a proxy, a front end whose server is down. It says nothing
 *   about the recordings, so it never counts towards giving up.
 * - `wait`: the server wants to be asked later (429, 503). It never counts as a failure.
 * - `signed_out`: the server does not serve this user, who is signed out, deleted or not admitted. Recordings wait until that has
 *   changed.
 * - `server`: the request failed on our server. It may succeed another time.
 * - `refused`: the same request would get the same answer.
 */
export type RequestErrorKind = 'network' | 'wait' | 'signed_out' | 'server' | 'refused';

/**
 * Why the server was not reached.
 * - `network`: the request failed. - `timeout`: no answer came in time. - `no_token`: the app's token did not come.
 * - `network_sign_in`: a network, such as a hotel's, wants people to sign in before it lets anything through.
 * - `too_large_for_network`: something on the way takes no request of this size; the next one is smaller.
 * - `not_ours`: something else than our server answered.
 */
export type UnreachedCode = Extract<
  ClientErrorCode,
  'network' | 'timeout' | 'no_token' | 'network_sign_in' | 'too_large_for_network' | 'not_ours'
>;

export interface RequestErrorOptions {
  /** HTTP; 0 without an answer. */
  readonly status?: number;
  readonly details?: readonly FileProblem[];
  /** How long the answer asks to wait, milliseconds. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly kind: RequestErrorKind;
  /** A code of the server's catalogue, or one of {@link UnreachedCode}. */
  readonly code: ReceivedErrorCode;
  readonly status: number;
  readonly details: readonly FileProblem[];
  readonly retryAfterMs: number | null;

  constructor(kind: RequestErrorKind, code: ReceivedErrorCode, message: string, options: RequestErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.status = options.status ?? 0;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
