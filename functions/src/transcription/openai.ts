/**
 * A {@link Transcriber} for services with OpenAI's `POST /v1/audio/transcriptions`: self-hosted Whisper (speaches, LocalAI, vLLM),
 * Groq, OpenAI itself. https://platform.openai.com/docs/api-reference/audio/createTranscription
 */
import type { FormData } from 'undici';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { EncodedAudio, TranscribedWord, Transcriber, Transcription, TranscriptionRequest } from './transcriber.ts';
import { parseRetryAfter } from './retryAfter.ts';
import { isHttpUrl, loadFetch, systemCode } from './service.ts';
import type { ServiceFetch } from './service.ts';

/** Time limit of one request, milliseconds: a self-hosted model may take as long as the audio. */
const TIMEOUT_MS = 11 * 60_000;

/** Whisper reads the last 224 tokens of a prompt. One token takes three bytes or more. */
const MAX_PROMPT_BYTES = 600;

export interface OpenAiOptions {
  /** Called for each request, because settings have no value while functions are deployed. */
  readonly settings: () => OpenAiSettings;
  readonly logger: Logger;
  readonly timeoutMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface OpenAiSettings {
  /** The address before `/audio/transcriptions`, for example `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Empty if the service needs none. */
  readonly apiKey: string;
}

const seconds = z.number().nonnegative();

/** The answer in the format `verbose_json`, with times of words. Words are stored; segments have their confidence. */
const responseSchema = z.object({
  duration: z.coerce.number().nonnegative().optional(),
  language: z.string().optional(),
  text: z.string(),
  words: z.array(z.object({ word: z.string(), start: seconds, end: seconds })).optional(),
  segments: z.array(z.object({ start: seconds, end: seconds, avg_logprob: z.number().optional() })).optional(),
});

type Answer = z.infer<typeof responseSchema>;

/** Confidence of words whose segment has no probability. */
const UNKNOWN_CONFIDENCE = 0.5;

export function createOpenAiTranscriber(options: OpenAiOptions): Transcriber {
  const { settings, logger, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  // Loaded with the first request.
  let loading: ReturnType<typeof loadFetch> | undefined;
  return {
    async transcribe(request, signal) {
      signal.throwIfAborted();
      const started = now();
      const { model, ...service } = checked(settings());
      const client = await (loading ??= loadFetch());
      const body = new client.FormData();
      fill(body, await request.audio.encoded(), model, request);
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const { answer, requestId } = await ask(client.fetch, service, body, deadline, now).catch((error: unknown) => {
        signal.throwIfAborted();
        const failure = error instanceof AppError ? error : new AppError('transcription_unavailable');
        const { durationMs } = request;
        logger.warn('openai.failed', { code: failure.code, reason: reasonOf(error), durationMs });
        throw failure;
      });
      const transcription = toTranscription(answer, requestId, model, request);
      logger.info('openai.answered', {
        requestId,
        durationMs: request.durationMs,
        words: transcription.words.length,
        elapsedMs: now() - started,
      });
      return transcription;
    },
  };
}

/** @throws AppError `transcription_not_configured` */
function checked(settings: OpenAiSettings): OpenAiSettings {
  const { baseUrl, model, apiKey } = settings;
  if (!isHttpUrl(baseUrl) || model.trim() === '' || !/^[\x21-\x7e]*$/.test(apiKey.trim())) {
    throw new AppError('transcription_not_configured', {
      message: 'OPENAI_BASE_URL, OPENAI_MODEL or OPENAI_API_KEY is wrong; the audio is kept until the operator acts.',
    });
  }
  return { baseUrl: baseUrl.replace(/\/+$/, ''), model: model.trim(), apiKey: apiKey.trim() };
}

function fill(
  body: FormData,
  { bytes, contentType }: EncodedAudio,
  model: string,
  request: TranscriptionRequest,
): void {
  const name = contentType === 'audio/ogg' ? 'audio.ogg' : 'audio.flac';
  // The bytes are copied, because a Blob does not accept the type of shared memory.
  body.append('file', new Blob([new Uint8Array(bytes)], { type: contentType }), name);
  body.append('model', model);
  body.append('response_format', 'verbose_json');
  body.append('timestamp_granularities[]', 'word');
  body.append('timestamp_granularities[]', 'segment');
  body.append('temperature', '0');
  // Whisper takes two letters, and detects the language if there are none.
  const language = request.preferredLanguage ?? request.language;
  if (language !== 'multi') body.append('language', language.split('-')[0] ?? language);
  const prompt = promptOf(request.keyterms);
  if (prompt !== '') body.append('prompt', prompt);
}

/** Whisper has no vocabulary, but it spells names as they are in its prompt. */
function promptOf(keyterms: readonly string[]): string {
  let prompt = '';
  for (const term of keyterms) {
    const longer = prompt === '' ? term : `${prompt}, ${term}`;
    if (Buffer.byteLength(longer) > MAX_PROMPT_BYTES) break;
    prompt = longer;
  }
  return prompt;
}

async function ask(
  fetch: ServiceFetch,
  { baseUrl, apiKey }: Omit<OpenAiSettings, 'model'>,
  body: FormData,
  signal: AbortSignal,
  now: () => number,
): Promise<{ answer: Answer; requestId: string }> {
  const response = await fetch(`${baseUrl}/audio/transcriptions`, {
    method: 'POST',
    body,
    headers: apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` },
    signal,
    redirect: 'error', // the key must not be sent to another address
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw failureOf(response.status, response.headers.get('retry-after'), now());
  }
  const answer = responseSchema.parse(await response.json());
  // The service ignores `timestamp_granularities`: words without times cannot be placed.
  if (answer.text.trim() !== '' && (answer.words ?? []).length === 0) {
    throw new AppError('transcription_not_configured', {
      message: 'The transcription service returns no word times; choose another OPENAI_MODEL. The audio is kept.',
    });
  }
  return { answer, requestId: response.headers.get('x-request-id') ?? crypto.randomUUID() };
}

function failureOf(status: number, retryAfter: string | null, now: number): AppError {
  const retryAfterSeconds = parseRetryAfter(retryAfter, now);
  const wait = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  const cause = new Error(`HTTP ${status}`);
  switch (status) {
    case 401:
    case 402:
    case 403:
    case 404: // another address, or no such model
    case 405:
      return new AppError('transcription_not_configured', { cause });
    case 429:
      return new AppError('transcription_rate_limited', { cause, ...wait });
    case 400: // the audio cannot be read
    case 413:
    case 415:
    case 422:
      return new AppError('transcription_rejected', { cause });
    default:
      return new AppError('transcription_unavailable', { cause, ...wait });
  }
}

/** The reason for the log. Messages of foreign errors are never logged, because they may quote the answer. */
function reasonOf(error: unknown): string {
  if (error instanceof AppError && error.cause instanceof Error) return error.cause.message;
  return systemCode(error) ?? (error instanceof Error ? error.name : 'unknown');
}

function toTranscription(
  { words = [], segments = [], language }: Answer,
  requestId: string,
  model: string,
  request: TranscriptionRequest,
): Transcription {
  const spoken = languageTag(language);
  const transcribed = words.flatMap(({ word, start, end }): TranscribedWord[] => {
    const text = word.trim();
    if (text === '') return [];
    const segment = segments.find((each) => start >= each.start && start < each.end);
    const confidence =
      segment?.avg_logprob === undefined ? UNKNOWN_CONFIDENCE : Math.exp(Math.min(0, segment.avg_logprob));
    return [
      { text, startSeconds: start, endSeconds: Math.max(start, end), confidence, speaker: null, language: spoken },
    ];
  });
  return {
    requestId,
    transcriber: `openai/${model}`,
    // The answer has no billed time. Such services charge for the audio that was sent.
    billedSeconds: request.durationMs / 1000,
    language: spoken,
    words: transcribed.sort((a, b) => a.startSeconds - b.startSeconds),
  };
}

/** Some services answer with a tag, OpenAI with an English name (`english`). @returns null for an invalid tag. */
function languageTag(language: string | undefined): string | null {
  return language !== undefined && /^[a-z]{2,3}(-\w+)*$/i.test(language) ? language : (NAMES[language ?? ''] ?? null);
}

const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  ['en', 'de', 'es', 'fr', 'it', 'pt', 'nl', 'pl', 'ru', 'ja', 'zh', 'ko', 'hi', 'ar', 'tr', 'sv', 'uk'].map((tag) => [
    new Intl.DisplayNames(['en'], { type: 'language' }).of(tag)?.toLowerCase() ?? tag,
    tag,
  ]),
);
