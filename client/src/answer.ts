/** Interprets an answer: first who gave it, then what it says. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import type { ErrorCode, ReceivedErrorCode } from 'offline-audio-sync-contract';
import { parseRetryAfter } from './backoff.ts';
import { RequestError } from './errors.ts';
import type { FileProblem, UnreachedCode } from './errors.ts';

/** The service that a request is sent to. Each answers in a shape of its own. */
export type Addressee = 'functions' | 'storage';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null if the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/**
 * The longest Retry-After that is heeded from an answer that is not our server's, milliseconds. It may ask for a day, although the
 * network may work again soon.
 */
const LONGEST_WAIT_FOR_STRANGERS_MS = 2 * 60_000;

/** Codes of our server for a body that this client did not send: something on the way has changed it. */
const CHANGED_ON_THE_WAY: ReadonlySet<string> = new Set<ErrorCode>(['invalid_multipart', 'unsupported_media_type']);

/** Codes of our server for an account or an app that it does not serve. They say nothing about the recordings. */
const NOT_SERVED: ReadonlySet<string> = new Set<ErrorCode>([
  'unauthenticated',
  'sign_up_not_allowed',
  'app_check_failed',
]);

/** The error for a request that did not reach the server, even if something else answered. */
export function notReached(
  code: UnreachedCode,
  options: { readonly status?: number; readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
): RequestError {
  return new RequestError('network', code, CLIENT_CATALOGUE[code].message, options);
}

/** The error for an answer that does not have the shape of the service that was asked. @param nowMs Unix milliseconds. */
export function strangersAnswer({ status, headers }: HttpAnswer, nowMs: number): RequestError {
  const asked = parseRetryAfter(headers.get('Retry-After'), nowMs);
  const retryAfterMs = asked === null ? null : Math.min(asked, LONGEST_WAIT_FOR_STRANGERS_MS);
  return notReached(unreachedCode(status, headers), { status, retryAfterMs });
}

function unreachedCode(status: number, headers: Headers): UnreachedCode {
  if (status === 413) return 'too_large_for_network';
  // Browsers hide the target of a redirect, and give it the status 0.
  const isElsewhere = status === 0 || (status >= 300 && status < 400);
  // RFC 6585 defines 511 for it, but most portals answer with a page and any status.
  const isPage = headers.get('Content-Type')?.includes('text/html') === true;
  return status === 511 || isElsewhere || (isPage && status < 500) ? 'network_sign_in' : 'not_ours';
}

/** The error for an answer of 400 or more. @param nowMs Unix milliseconds. */
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
 * Storage says `{error: {code: STATUS, message}}`, or names the state of the upload in a header. Its answers for an unknown session
 * have no shape of its own; `resumable.ts` begins a new session then.
 */
function verdictOfStorage({ status, headers, json }: HttpAnswer): RequestError | null {
  const error = json?.['error'];
  const isTheirs = headers.has('X-Goog-Upload-Status') || (isObject(error) && error['code'] === status);
  if (!isTheirs) return null;
  // 402: the project's quota is used up, or its billing has ended. That is no fault of a recording.
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
