/** Sends one request to any of Deepgram's products: key, address, time limit, and the meaning of a failure. */
import type { DeepgramClient } from '@deepgram/sdk';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { failureOf, deepgramError } from './deepgramFailure.ts';
import { isHttpUrl, loadFetch } from './service.ts';

export interface DeepgramOptions {
  /** Called for each request, because a secret has no value while functions are deployed. */
  readonly apiKey: () => string;
  readonly baseUrl: () => string;
  readonly logger: Logger;
  /** Time limit of one whole request, milliseconds. */
  readonly timeoutMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** The SDK's options of each request. */
export interface DeepgramRequestOptions {
  readonly maxRetries: 0;
  readonly timeoutInSeconds: number;
  readonly abortSignal: AbortSignal;
}

/**
 * Sends one request, never more. Repeating it is the caller's decision.
 * @param send sends the request and reads the answer; its errors count as failures of Deepgram.
 * @param fields for the log of a failure: lengths and counts, never what is sent.
 * @throws AppError as `deepgramError`; the signal's reason.
 */
export type DeepgramRequester = <T>(
  send: (client: DeepgramClient, options: DeepgramRequestOptions) => Promise<T>,
  signal: AbortSignal,
  fields: Readonly<Record<string, unknown>>,
) => Promise<T>;

export function createDeepgramRequester(options: DeepgramOptions & { readonly timeoutMs: number }): DeepgramRequester {
  const { logger, timeoutMs, now = Date.now } = options;
  // Loaded with the first request, so that other functions do not load the SDK at their cold start.
  let loading: ReturnType<typeof loadClient> | undefined;

  return async (send, signal, fields) => {
    signal.throwIfAborted();
    const apiKey = configuredKey(options.apiKey());
    const baseUrl = configuredUrl(options.baseUrl());
    const { DeepgramClient, fetch } = await (loading ??= loadClient());

    // Kept here, because the SDK's errors lose the status if a body is broken, and the code if no answer came.
    let answer: Response | null = null;
    let noAnswer: unknown = null;
    const client = new DeepgramClient({
      apiKey,
      baseUrl, // takes precedence over the SDK's environment, which has a separate address for each product
      fetch: async (input, init) => {
        try {
          return (answer = await fetch(input, init));
        } catch (error) {
          // SDK 5.13 stops its timer only when fetch resolves; a rejection would leave it running for eleven minutes.
          noAnswer = error;
          return Response.error();
        }
      },
    });
    const started = now();
    try {
      return await send(client, {
        maxRetries: 0,
        timeoutInSeconds: timeoutMs / 1000,
        // The SDK's own time limit ends when the headers arrive. This one also covers the body.
        abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
    } catch (error) {
      // The caller has aborted the request: that is no failure of Deepgram.
      signal.throwIfAborted();
      const failure = failureOf(noAnswer ?? error, answer, now());
      logger.warn('deepgram.failed', { ...failure, ...fields, elapsedMs: now() - started });
      throw deepgramError(failure);
    }
  };
}

/** Checks the key. One that is missing, or that cannot be a header (whose error message would quote it), is an error of the operator. */
function configuredKey(key: string): string {
  const trimmed = key.trim();
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new AppError('transcription_not_configured');
  return trimmed;
}

function configuredUrl(url: string): string {
  if (!isHttpUrl(url)) throw new AppError('transcription_not_configured');
  return url;
}

async function loadClient() {
  const [{ DeepgramClient }, { fetch }] = await Promise.all([import('@deepgram/sdk'), loadFetch()]);
  // undici and the platform declare the same standard, with small differences that the SDK does not use.
  return { DeepgramClient, fetch: fetch as unknown as typeof globalThis.fetch };
}
