/** One request to Deepgram, whichever of its products it is for: key, address, time-out, and what its failure means. */
import type { DeepgramClient } from '@deepgram/sdk';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { failureOf, deepgramError } from './deepgramFailure.ts';
import { isHttpUrl, loadFetch } from './service.ts';

export interface DeepgramOptions {
  /** Asked at each request: a secret has no value while functions are deployed. */
  readonly apiKey: () => string;
  readonly baseUrl: () => string;
  readonly logger: Logger;
  /** For one whole request, milliseconds. */
  readonly timeoutMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** What the SDK is to be told with each request. */
export interface DeepgramRequestOptions {
  readonly maxRetries: 0;
  readonly timeoutInSeconds: number;
  readonly abortSignal: AbortSignal;
}

/**
 * Makes one request, never more: whether and when to ask again is for the caller.
 * @param send asks, and reads the answer; what it throws counts as a failure of Deepgram's.
 * @param fields for the log of a failure: lengths and counts, nothing of what is sent.
 * @throws AppError as `deepgramError` has it; the signal's own reason.
 */
export type DeepgramRequester = <T>(
  send: (client: DeepgramClient, options: DeepgramRequestOptions) => Promise<T>,
  signal: AbortSignal,
  fields: Readonly<Record<string, unknown>>,
) => Promise<T>;

export function createDeepgramRequester(options: DeepgramOptions & { readonly timeoutMs: number }): DeepgramRequester {
  const { logger, timeoutMs, now = Date.now } = options;
  // Loaded with the first request: functions that never ask do not pay for the SDK at their cold start.
  let loading: ReturnType<typeof loadClient> | undefined;

  return async (send, signal, fields) => {
    signal.throwIfAborted();
    const apiKey = configuredKey(options.apiKey());
    const baseUrl = configuredUrl(options.baseUrl());
    const { DeepgramClient, fetch } = await (loading ??= loadClient());

    // Kept from here: the SDK's errors lose the status where a body is broken, and the code where no answer came.
    let answer: Response | null = null;
    let noAnswer: unknown = null;
    const client = new DeepgramClient({
      apiKey,
      baseUrl, // wins over the SDK's environment, which has an address of its own for each product
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
        // The SDK's own time-out ends when the headers arrive; this one covers the body as well.
        abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
    } catch (error) {
      // Ours to end, not Deepgram's failure: the caller gets its own reason back.
      signal.throwIfAborted();
      const failure = failureOf(noAnswer ?? error, answer, now());
      logger.warn('deepgram.failed', { ...failure, ...fields, elapsedMs: now() - started });
      throw deepgramError(failure);
    }
  };
}

/** A key that is missing, or could not even be a header (whose error message would then quote it), is the operator's to mend. */
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
  // The same standard, declared twice: undici's types and the platform's differ in corners that the SDK does not touch.
  return { DeepgramClient, fetch: fetch as unknown as typeof globalThis.fetch };
}
