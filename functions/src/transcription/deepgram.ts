/** Deepgram's pre-recorded speech-to-text as a {@link Transcriber}. */
import type { Logger } from '../logger.ts';
import { DEFAULT_FEATURES, deepgramQuery } from './deepgramQuery.ts';
import type { DeepgramFeatures } from './deepgramQuery.ts';
import { createDeepgramRequester } from './deepgramRequest.ts';
import type { DeepgramOptions } from './deepgramRequest.ts';
import { parseDeepgramResponse } from './deepgramResponse.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from './transcriber.ts';

/**
 * How long one request may take in all, milliseconds. Deepgram itself gives up after ten minutes of processing (504); giving
 * up before it does would pay for an answer that is not read, and then pay again.
 */
const TIMEOUT_MS = 11 * 60_000;

export interface DeepgramTranscriberOptions extends DeepgramOptions {
  /** Asked at each request: settings have no value while functions are deployed. */
  readonly features?: () => DeepgramFeatures;
}

/** One `transcribe` is at most one request: whether and when to ask again is decided where jobs are retried, never here. */
export function createDeepgramTranscriber(options: DeepgramTranscriberOptions): Transcriber {
  const { logger, features = () => DEFAULT_FEATURES, now = Date.now } = options;
  const send = createDeepgramRequester({ timeoutMs: TIMEOUT_MS, ...options });

  return {
    async transcribe(request, signal) {
      const started = now();
      const asked = features();
      const query = deepgramQuery(request, asked, request.audio.channels);
      const { bytes, contentType } = await request.audio.encoded();
      const heard = await send(
        async (client, requestOptions) => {
          const body = await client.listen.v1.media.transcribeFile(
            { data: bytes, contentType, contentLength: bytes.byteLength },
            query,
            { ...requestOptions, queryParams: hintOf(request) },
          );
          return parseDeepgramResponse(body, request.language);
        },
        signal,
        { durationMs: request.durationMs },
      );
      const transcription = { ...heard, transcriber: `deepgram/${asked.model}` };
      logTranscribed(logger, request, transcription, now() - started);
      return transcription;
    },
  };
}

/** Of nova-3's `multi` since October 2026; the SDK has no name for it yet. */
function hintOf({ languageHint }: TranscriptionRequest): Record<string, string> {
  return languageHint === undefined ? {} : { language_hint: languageHint };
}

function logTranscribed(
  logger: Logger,
  request: TranscriptionRequest,
  transcription: Transcription,
  elapsedMs: number,
): void {
  const { requestId, billedSeconds, words } = transcription;
  const { durationMs } = request;
  const toBillMs = durationMs * request.audio.channels;
  const fields = { requestId, durationMs, billedSeconds, words: words.length, elapsedMs };
  // A second covers what containers round up; more means that Deepgram read the stream otherwise than we wrote it.
  if (Math.abs(billedSeconds * 1000 - toBillMs) > 1000) logger.warn('deepgram.length_differs', fields);
  else logger.info('deepgram.answered', fields);
}
