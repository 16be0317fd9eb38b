/** Deepgram's pre-recorded speech-to-text as a {@link Transcriber}. */
import type { Logger } from '../logger.ts';
import { createDeepgramRequester } from './deepgramRequest.ts';
import type { DeepgramOptions } from './deepgramRequest.ts';
import { parseDeepgramResponse } from './deepgramResponse.ts';
import { fittingKeyterms } from './keyterms.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from './transcriber.ts';

/**
 * How long one request may take in all, milliseconds. Deepgram itself gives up after ten minutes of processing (504); giving
 * up before it does would pay for an answer that nobody reads, and then pay again.
 */
const TIMEOUT_MS = 11 * 60_000;

/**
 * One `transcribe` is at most one request: whether and when to ask again is decided where jobs are retried, never here.
 * Audio stays under Deepgram's default terms; `mip_opt_out` (its model improvement programme) changes the price, so it is
 * for the operator's contract to say.
 */
export function createDeepgramTranscriber(options: DeepgramOptions): Transcriber {
  const { logger, now = Date.now } = options;
  const request = createDeepgramRequester({ timeoutMs: TIMEOUT_MS, ...options });

  return {
    async transcribe(audio, signal) {
      const started = now();
      const transcription = await request(
        async (client, requestOptions) => {
          const body = await client.listen.v1.media.transcribeFile(
            { data: audio.audio, contentType: audio.contentType, contentLength: audio.audio.byteLength },
            queryOf(audio),
            { ...requestOptions, queryParams: hintOf(audio) },
          );
          return parseDeepgramResponse(body, audio.language);
        },
        signal,
        { durationMs: audio.durationMs },
      );
      logTranscribed(logger, audio, transcription, now() - started);
      return transcription;
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
  const fields = { requestId, durationMs: request.durationMs, billedSeconds, words: words.length, elapsedMs };
  // A second covers what containers round up; more means that Deepgram read the stream otherwise than we wrote it.
  if (Math.abs(billedSeconds * 1000 - request.durationMs) > 1000)
    logger.warn('deepgram billed another length than was sent', fields);
  else logger.info('deepgram transcribed', fields);
}
