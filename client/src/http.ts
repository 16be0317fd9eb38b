/** Sends one request, with its token and its time limit, and interprets the answer. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import { notReached, parseJsonObject, toRequestError } from './answer.ts';
import type { Addressee, HttpAnswer } from './answer.ts';
import type { Backend } from './backend.ts';
import { RequestError, SyncError } from './errors.ts';
import { stopped, TimeLimitError, within } from './time.ts';
import type { Clock } from './time.ts';

export interface HttpOptions {
  readonly backend: Pick<Backend, 'idToken' | 'appCheckToken'>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

export interface HttpRequest {
  readonly to: Addressee;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal: AbortSignal;
}

/** The scheme of the Authorization header. Storage has its own. */
const SCHEMES = { functions: 'Bearer', storage: 'Firebase' } as const satisfies Readonly<Record<Addressee, string>>;

/** The time limit of a request, milliseconds; it gets more by the size of its body. */
export const TIMEOUT_MS = 60_000;
/** A slower connection counts as none. */
const SLOWEST_BYTES_PER_MS = 8;
/** The time limit for a token: the app's SDK may wait for a network that never answers. */
const TOKEN_TIMEOUT_MS = 60_000;

/** The longest answer that is read, characters. Cloud Run sends no longer one; another server's may never end. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

export class Http {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Sends a request, and once more with a new token if the server refused the first one.
   * @returns every answer below 400. @throws RequestError; SyncError `disposed` once the signal aborts.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#attempt(request, false);
    const error = this.#errorOf(answer, request);
    if (error === null) return answer;
    // A new token may show that the e-mail address has been confirmed since.
    const isAboutToken = error.status === 401 || error.code === 'sign_up_not_allowed';
    if (!isAboutToken || error.kind === 'network') throw error;
    const second = await this.#attempt(request, true);
    const still = this.#errorOf(second, request);
    if (still !== null) throw still;
    return second;
  }

  #errorOf(answer: HttpAnswer, { to }: HttpRequest): RequestError | null {
    return answer.status < 400 ? null : toRequestError(answer, to, this.#options.clock.now());
  }

  async #attempt(request: HttpRequest, refresh: boolean): Promise<HttpAnswer> {
    const { fetch, clock } = this.#options;
    const { to, url, method, headers, body, signal } = request;
    const tokens = await this.#tokens(refresh, signal);
    const limitMs = TIMEOUT_MS + (body?.length ?? 0) / SLOWEST_BYTES_PER_MS;
    // Ends the exchange in every case, because fetch may continue after we have stopped waiting.
    const controller = new AbortController();
    const exchange = async (): Promise<HttpAnswer> => {
      const response = await fetch(url, {
        method,
        headers: {
          ...headers,
          Authorization: `${SCHEMES[to]} ${tokens.id}`,
          ...(tokens.appCheck === null ? {} : { 'X-Firebase-AppCheck': tokens.appCheck }),
        },
        signal: controller.signal,
        // Our services never redirect. To follow a redirect would give the audio and the token to another server.
        redirect: 'manual',
        // Otherwise a browser could keep the page of a portal, and answer with it later.
        cache: 'no-store',
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, headers: response.headers, json: parseJsonObject(await textOf(response)) };
    };
    try {
      return await within(exchange(), limitMs, clock, signal);
    } catch (cause) {
      if (signal.aborted) throw stopped();
      throw notReached(cause instanceof TimeLimitError ? 'timeout' : 'network', { cause });
    } finally {
      controller.abort();
    }
  }

  async #tokens(refresh: boolean, signal: AbortSignal): Promise<{ id: string; appCheck: string | null }> {
    const { backend, clock } = this.#options;
    const ask = async () => {
      const id = await backend.idToken(refresh);
      return { id, appCheck: id === null ? null : ((await backend.appCheckToken?.()) ?? null) };
    };
    try {
      const { id, appCheck } = await within(ask(), TOKEN_TIMEOUT_MS, clock, signal);
      if (id === null) throw new RequestError('signed_out', 'signed_out', CLIENT_CATALOGUE.signed_out.message);
      return { id, appCheck };
    } catch (cause) {
      if (signal.aborted) throw stopped();
      if (cause instanceof RequestError) throw cause;
      if (cause instanceof SyncError) throw new RequestError('signed_out', cause.code, cause.message, { cause });
      throw notReached('no_token', { cause });
    }
  }
}

/** @throws TypeError if it is longer than any answer of our server */
async function textOf(response: Response): Promise<string> {
  // React Native has no streams.
  const body = response.body as ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;
  if (body === null || body === undefined) return response.text();
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > LONGEST_ANSWER) {
      reader.cancel().catch(() => undefined); // It is not read any more.
      throw new TypeError('The answer has no end.');
    }
  }
}
