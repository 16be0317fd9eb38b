/** One request: token, time limit, and what an answer means. */
import type { Backend } from './backend.ts';
import { parseRetryAfter } from './backoff.ts';
import { RequestError } from './errors.ts';
import type { FileProblem } from './errors.ts';
import { linkedController } from './time.ts';
import type { Clock } from './time.ts';

export interface HttpOptions {
  readonly backend: Pick<Backend, 'idToken' | 'appCheckToken'>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** How the token is announced: Storage has a scheme of its own. */
  readonly scheme?: 'Bearer' | 'Firebase';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** Every request gets this long, and more for what it carries: a link slower than that is none. */
export const TIMEOUT_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 8;

export class Http {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Sends it; once more with a new token if the first was refused.
   * @returns every answer below 400. @throws RequestError; the signal's reason.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#attempt(request, false);
    const second = answer.status === 401 ? await this.#attempt(request, true) : answer;
    if (second.status >= 400) throw toRequestError(second, this.#options.clock.now());
    return second;
  }

  async #attempt(request: HttpRequest, refresh: boolean): Promise<HttpAnswer> {
    const { backend, fetch, clock } = this.#options;
    const { url, method, scheme = 'Bearer', headers, body, signal } = request;
    const tokens = await this.#tokens(backend, refresh, signal);
    const limitMs = TIMEOUT_MS + (body?.length ?? 0) / SLOWEST_BYTES_PER_MS;
    const { controller, unlink } = linkedController(signal);
    const settled = new AbortController();
    void clock.sleep(limitMs, settled.signal).then(() => {
      controller.abort();
    });
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...headers,
          Authorization: `${scheme} ${tokens.id}`,
          ...(tokens.appCheck === null ? {} : { 'X-Firebase-AppCheck': tokens.appCheck }),
        },
        signal: controller.signal,
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, headers: response.headers, json: parse(await response.text()) };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const late = controller.signal.aborted;
      throw new RequestError('network', late ? 'timeout' : 'network', 'The server could not be reached.', { cause });
    } finally {
      unlink();
      settled.abort();
    }
  }

  async #tokens(backend: HttpOptions['backend'], refresh: boolean, signal: AbortSignal) {
    try {
      const id = await backend.idToken(refresh);
      if (id === null) throw new RequestError('signed_out', 'signed_out', 'The user is not signed in.');
      return { id, appCheck: (await backend.appCheckToken?.()) ?? null };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof RequestError) throw cause;
      throw new RequestError('network', 'no_token', 'No token could be had.', { cause });
    }
  }
}

function parse(text: string): HttpAnswer['json'] {
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

/** `{code, message, details}`: as HTTP functions answer, or in the details of a callable's error. */
function problemOf({ json }: HttpAnswer) {
  const error = json?.['error'];
  if (!isObject(error)) return null;
  const problem = isObject(error['details']) ? error['details'] : error;
  const { code, message, details, retry_after_seconds: seconds } = problem as Record<string, unknown>;
  if (typeof code !== 'string') return null;
  return {
    code,
    message: typeof message === 'string' ? message : code,
    details: Array.isArray(details) ? details.filter(isFileProblem) : [],
    retryAfterMs: typeof seconds === 'number' ? seconds * 1000 : null,
  };
}

function isFileProblem(value: unknown): value is FileProblem {
  return isObject(value) && ['file', 'code', 'message'].every((key) => typeof value[key] === 'string');
}

/** The catalogue calls it the client's mistake, but only a link that cut the body off makes this one. */
const BROKEN_ON_THE_WAY = 'invalid_multipart';

function toRequestError(answer: HttpAnswer, nowMs: number): RequestError {
  const { status, headers } = answer;
  const problem = problemOf(answer);
  const code = problem?.code ?? `http_${status}`;
  const message = problem?.message ?? `The server answered ${status}.`;
  const retryAfterMs = parseRetryAfter(headers.get('Retry-After'), nowMs) ?? problem?.retryAfterMs ?? null;
  const details = problem?.details ?? [];
  const error = (kind: RequestError['kind']): RequestError =>
    new RequestError(kind, code, message, { status, details, retryAfterMs });

  if (status === 429 || (status === 503 && retryAfterMs !== null)) return error('wait');
  if (code === 'unauthenticated' || (status === 401 && problem === null)) return error('signed_out');
  // Whoever answers in our server's place, a proxy or a front end, knows nothing about recordings; but a limit is a limit.
  const isOurs = problem !== null || status === 413;
  if (status >= 500 || status === 401 || status === 408 || code === BROKEN_ON_THE_WAY || !isOurs)
    return error('server');
  return error('refused');
}
