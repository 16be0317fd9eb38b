/** Deepgram's pre-recorded speech-to-text as a {@link Transcriber}. */
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { failureOf, toAppError } from './deepgramFailure.ts';
import { parseDeepgramResponse } from './deepgramResponse.ts';
import { fittingKeyterms } from './keyterms.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from './transcriber.ts';

/**
 * How long one request may take in all, milliseconds. Deepgram itself gives up after ten minutes of processing (504); giving
 * up before it does would pay for an answer that nobody reads, and then pay again.
 */
const TIMEOUT_MS = 11 * 60_000;

/** Bytes an answer may have. Ten minutes of fast speech make about one megabyte; what is far beyond is no transcription. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

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

/**
 * One `transcribe` is at most one request: whether and when to ask again is decided where jobs are retried, never here.
 * Audio stays under Deepgram's default terms; `mip_opt_out` (its model improvement programme) changes the price, so it is
 * for the operator's contract to say.
 */
export function createDeepgramTranscriber(options: DeepgramOptions): Transcriber {
  const { logger, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  // Loaded with the first request: functions that never transcribe do not pay for the SDK at their cold start.
  let loading: ReturnType<typeof loadClient> | undefined;

  return {
    async transcribe(request, signal) {
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
        const body = await client.listen.v1.media.transcribeFile(
          { data: request.audio, contentType: request.contentType, contentLength: request.audio.byteLength },
          queryOf(request),
          {
            maxRetries: 0,
            timeoutInSeconds: timeoutMs / 1000,
            // The SDK's own time-out ends when the headers arrive; this one covers the body as well.
            abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          },
        );
        const transcription = parseDeepgramResponse(body, request.language);
        logTranscribed(logger, request, transcription, now() - started);
        return transcription;
      } catch (error) {
        // Ours to end, not Deepgram's failure: the caller gets its own reason back.
        signal.throwIfAborted();
        const failure = failureOf(noAnswer ?? error, answer, now());
        logger.warn('deepgram request failed', {
          ...failure,
          durationMs: request.durationMs,
          elapsedMs: now() - started,
        });
        throw toAppError(failure);
      }
    },
  };
}

function queryOf({ language, keyterms }: TranscriptionRequest) {
  const keyterm = fittingKeyterms(keyterms);
  return {
    model: 'nova-3',
    language,
    smart_format: true,
    punctuate: true,
    utterances: true,
    diarize_model: 'latest',
    tag: 'offline-audio-sync',
    ...(keyterm.length > 0 ? { keyterm } : {}),
  };
}

/** A key that is missing, or could not even be a header (whose error message would then quote it), is the operator's to mend. */
function configuredKey(key: string): string {
  const trimmed = key.trim();
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new AppError('transcription_not_configured');
  return trimmed;
}

function configuredUrl(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new AppError('transcription_not_configured');
  return url;
}

async function loadClient() {
  const [{ DeepgramClient }, { Agent, fetch: undiciFetch }] = await Promise.all([
    import('@deepgram/sdk'),
    import('undici'),
  ]);
  // Node's fetch gives up on headers after five minutes, whatever the caller's time-out is, and its Agent cannot be reached
  // (https://github.com/deepgram/deepgram-js-sdk/issues/243). Ours leaves time to `timeoutMs` alone.
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_RESPONSE_BYTES });
  const fetch: typeof undiciFetch = (input, init) => undiciFetch(input, { ...init, dispatcher });
  // The same standard, declared twice: undici's types and the platform's differ in corners that the SDK does not touch.
  return { DeepgramClient, fetch: fetch as unknown as typeof globalThis.fetch };
}

function logTranscribed(
  logger: Logger,
  request: TranscriptionRequest,
  transcription: Transcription,
  elapsedMs: number,
): void {
  const { requestId, billedSeconds, words } = transcription;
  const fields = { requestId, durationMs: request.durationMs, billedSeconds, words: words.length, elapsedMs };
  // A second covers what containers round up; more means that Deepgram read the stream otherwise than we wrote it.
  if (Math.abs(billedSeconds * 1000 - request.durationMs) > 1000)
    logger.warn('deepgram billed another length than was sent', fields);
  else logger.info('deepgram transcribed', fields);
}
