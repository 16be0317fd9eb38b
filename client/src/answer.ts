/** What an answer means: first who gave it, then what it says. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import type { ErrorCode, ReceivedErrorCode } from 'offline-audio-sync-contract';
import { parseRetryAfter } from './backoff.ts';
import { RequestError } from './errors.ts';
import type { FileProblem, UnreachedCode } from './errors.ts';

/** Who is asked: our functions, or Cloud Storage. Each answers in a shape of its own. */
export type Addressee = 'functions' | 'storage';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** A stranger may ask for a day; waiting much longer than the back-off would only delay what the network can do again. */
const LONGEST_WAIT_FOR_STRANGERS_MS = 2 * 60_000;

/** Codes of our server for a body that is not what this client sent: something on the way has changed it. */
const CHANGED_ON_THE_WAY: ReadonlySet<string> = new Set<ErrorCode>(['invalid_multipart', 'unsupported_media_type']);

/** Codes of our server for an account, or an app, that it does not serve: that says nothing of what is sent. */
const NOT_SERVED: ReadonlySet<string> = new Set<ErrorCode>([
  'unauthenticated',
  'sign_up_not_allowed',
  'app_check_failed',
]);

/** The server was not reached, whatever came back. */
export function notReached(
  code: UnreachedCode,
  options: { readonly status?: number; readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
): RequestError {
  return new RequestError('network', code, CLIENT_CATALOGUE[code].message, options);
}

/** An answer that has not the shape of the one who was asked. @param nowMs Unix milliseconds. */
export function strangersAnswer({ status, headers }: HttpAnswer, nowMs: number): RequestError {
  const asked = parseRetryAfter(headers.get('Retry-After'), nowMs);
  const retryAfterMs = asked === null ? null : Math.min(asked, LONGEST_WAIT_FOR_STRANGERS_MS);
  return notReached(unreachedCode(status, headers), { status, retryAfterMs });
}

function unreachedCode(status: number, headers: Headers): UnreachedCode {
  if (status === 413) return 'too_large_for_network';
  // Browsers hide where an answer leads to, and give it the status 0.
  const isElsewhere = status === 0 || (status >= 300 && status < 400);
  // 511 is made for it (RFC 6585); most portals answer with a page and whatever status they like.
  const isPage = headers.get('Content-Type')?.includes('text/html') === true;
  return status === 511 || isElsewhere || (isPage && status < 500) ? 'network_sign_in' : 'not_ours';
}

/** What an answer of 400 or more means. @param nowMs Unix milliseconds. */
export function toRequestError(answer: HttpAnswer, addressee: Addressee, nowMs: number): RequestError {
  const verdict = addressee === 'functions' ? verdictOfFunctions(answer, nowMs) : verdictOfStorage(answer);
  return verdict ?? strangersAnswer(answer, nowMs);
}

function verdictOfFunctions(answer: HttpAnswer, nowMs: number): RequestError | null {
  const { status, headers } = answer;
  const problem = problemOf(answer);
  if (problem === null) return null;
  const { code, message, details } = problem;
  const retryAfterMs = parseRetryAfter(headers.get('Retry-After'), nowMs) ?? problem.retryAfterMs;
  const error = (kind: RequestError['kind']): RequestError =>
    new RequestError(kind, code, message, { status, details, retryAfterMs });
  if (status === 429 || (status === 503 && retryAfterMs !== null)) return error('wait');
  if (NOT_SERVED.has(code)) return error('signed_out');
  return error(status >= 500 || status === 401 || CHANGED_ON_THE_WAY.has(code) ? 'server' : 'refused');
}

interface Problem {
  readonly code: ReceivedErrorCode;
  readonly message: string;
  readonly details: readonly FileProblem[];
  readonly retryAfterMs: number | null;
}

/**
 * `{error: {code, message, details: []}}` of our HTTP functions; a callable has the same in `error.details`. Callables with a bad
 * token are answered by firebase-functions itself, before our code runs: `{error: {status: "UNAUTHENTICATED"}}`.
 */
function problemOf({ status, json }: HttpAnswer): Problem | null {
  const error = json?.['error'];
  if (!isObject(error)) return null;
  const problem = isObject(error['details']) ? error['details'] : error;
  const { code, message, details, retry_after_seconds: seconds } = problem;
  if (typeof code === 'string' && typeof message === 'string' && Array.isArray(details)) {
    const retryAfterMs = typeof seconds === 'number' ? seconds * 1000 : null;
    return { code, message, details: details.filter(isFileProblem), retryAfterMs };
  }
  if (status !== 401 || error['status'] !== 'UNAUTHENTICATED') return null;
  return { code: 'unauthenticated', message: 'The server does not accept the token.', details: [], retryAfterMs: null };
}

function isFileProblem(value: unknown): value is FileProblem {
  return isObject(value) && ['file', 'code', 'message'].every((key) => typeof value[key] === 'string');
}

/**
 * Storage says `{error: {code: STATUS, message}}`, or names the state of the upload in a header. It says nothing of its own about
 * a session that it does not know any more; `resumable.ts` begins a new one then.
 */
function verdictOfStorage({ status, headers, json }: HttpAnswer): RequestError | null {
  const error = json?.['error'];
  const isTheirs = headers.has('X-Goog-Upload-Status') || (isObject(error) && error['code'] === status);
  if (!isTheirs) return null;
  // 402: the project's quota is used up, or its billing has ended. No recording is to blame for that.
  const isPassing = status >= 500 || status === 402 || status === 408 || status === 429;
  const kind = status === 401 ? 'signed_out' : isPassing ? 'server' : 'refused';
  return new RequestError(kind, `storage_${status}`, `Storage answered ${status}.`, { status });
}

export function parseJsonObject(text: string): HttpAnswer['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
