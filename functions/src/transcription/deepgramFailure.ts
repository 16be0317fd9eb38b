/** Turns a failed Deepgram request into an error for the job. */
import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { parseRetryAfter } from './retryAfter.ts';
import { systemCode } from './service.ts';

/** A request that failed. It never contains what was sent or what was recognised. */
export interface DeepgramFailure {
  /** HTTP status; null if no answer came. */
  readonly status: number | null;
  /** Deepgram's code (`INVALID_AUTH`), the system's (`ECONNRESET`) or ours (`TIMEOUT`, `NO_SUCH_MODEL`). */
  readonly reason: string;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
}

/**
 * Deepgram's reasons for parameters that it does not accept. The audio is not at fault: every request fails until the operator corrects
 * the settings.
 */
const OF_PARAMETERS: ReadonlySet<string> = new Set(['INVALID_QUERY_PARAMETER', 'NO_SUCH_MODEL']);

/** The code of a failure. Any other 4xx is about the request, so the same audio would fail again. */
function deepgramErrorCode({ status, reason }: Pick<DeepgramFailure, 'status' | 'reason'>): ErrorCode {
  if (status === 400 && OF_PARAMETERS.has(reason)) return 'transcription_not_configured';
  switch (status) {
    case 401: // the key is wrong
    case 402: // the credit is used up
    case 403: // the key may not use the model
    case 404: // DEEPGRAM_BASE_URL leads somewhere else: nothing is wrong with the audio
    case 405:
    case 407:
      return 'transcription_not_configured';
    case 429:
      return 'transcription_rate_limited';
    case 408: // slow upload
    case 422: // "audio data was incomplete or interrupted": https://developers.deepgram.com/docs/errors
    case 425:
      return 'transcription_unavailable';
    default:
      return status !== null && status >= 400 && status < 500 ? 'transcription_rejected' : 'transcription_unavailable';
  }
}

export function deepgramError(failure: DeepgramFailure): AppError {
  const code = deepgramErrorCode(failure);
  const waits = code === 'transcription_unavailable' || code === 'transcription_rate_limited';
  return new AppError(code, {
    ...(waits && failure.retryAfterSeconds !== null ? { retryAfterSeconds: failure.retryAfterSeconds } : {}),
    // A new error, because those of the SDK and of fetch have bodies, and may have headers in their messages.
    cause: new Error(`Deepgram: ${failure.reason}${failure.status === null ? '' : ` (HTTP ${failure.status})`}`),
  });
}

/** @param now Unix milliseconds. */
export function failureOf(error: unknown, answer: Response | null, now: number): DeepgramFailure {
  const body = errorBodySchema.safeParse(error).data?.body;
  return {
    status: answer?.status ?? null,
    reason:
      (body?.err_msg === true ? 'NO_SUCH_MODEL' : body?.err_code) ??
      (error instanceof z.ZodError ? 'INVALID_RESPONSE' : systemCode(error)) ??
      'NO_ANSWER',
    requestId: body?.request_id ?? answer?.headers.get('dg-request-id') ?? null,
    retryAfterSeconds: parseRetryAfter(answer?.headers.get('retry-after') ?? null, now),
  };
}

const textOf = (pattern: RegExp) => z.string().regex(pattern).optional().catch(undefined);

/**
 * The two fields of an error body that are safe to keep. Text that is longer than a code is dropped. It is read in one case only: for a
 * language that the model does not know, Deepgram's code is that of broken audio, `Bad Request`.
 */
const errorBodySchema = z.object({
  body: z.object({
    err_msg: z
      .string()
      .transform((text) => /\bno such model\b/i.test(text))
      .optional()
      .catch(undefined),
    err_code: textOf(/^[\w .-]{1,64}$/),
    request_id: textOf(/^[\w-]{1,64}$/),
  }),
});
