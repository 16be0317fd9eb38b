/** Deepgram's pre-recorded speech-to-text as a {@link Transcriber}. */
import type { Logger } from '../logger.ts';
import { DEFAULT_FEATURES, deepgramQuery } from './deepgramQuery.ts';
import type { DeepgramFeatures } from './deepgramQuery.ts';
import { createDeepgramRequester } from './deepgramRequest.ts';
import type { DeepgramOptions } from './deepgramRequest.ts';
import { parseDeepgramResponse } from './deepgramResponse.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from './transcriber.ts';

/**
 * The time limit of one request, milliseconds. Deepgram itself gives up after ten minutes of processing (504). A shorter limit would
 * pay for an answer that is not read, and then pay again.
 */
const TIMEOUT_MS = 11 * 60_000;

export interface DeepgramTranscriberOptions extends DeepgramOptions {
  /** Called for each request, because settings have no value while functions are deployed. */
  readonly features?: () => DeepgramFeatures;
}

/** Each `transcribe` sends at most one request. Repeating it is the caller's decision. */
export function createDeepgramTranscriber(options: DeepgramTranscriberOptions): Transcriber {
  const { logger, features = () => DEFAULT_FEATURES, now = Date.now } = options;
  const send = createDeepgramRequester({ timeoutMs: TIMEOUT_MS, ...options });

  return {
    async transcribe(request, signal) {
      const started = now();
      const asked = features();
      const query = deepgramQuery(request, asked, request.audio.channels);
      const { bytes, contentType } = await request.audio.encoded();
      const result = await send(
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
      const transcription = { ...result, transcriber: `deepgram/${asked.model}` };
      logTranscribed(logger, request, transcription, now() - started);
      return transcription;
    },
  };
}

/** The option `language_hint` of nova-3's `multi`, new since October 2026: the SDK has no name for it yet. */
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
  // A container may round up to a second. More means that Deepgram has read the stream differently from what was written.
  if (Math.abs(billedSeconds * 1000 - toBillMs) > 1000) logger.warn('deepgram.length_differs', fields);
  else logger.info('deepgram.answered', fields);
}
