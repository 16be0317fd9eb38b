/** The one shape of an error response: `{"error": {"code", "message", "details"}}`. */
import { randomBytes } from 'node:crypto';
import type { ProblemBody } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { clip, MAX_COMPLAINTS } from '../validation.ts';

export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;
}

/** Longest message, characters: those of validation.ts fit. */
const MAX_MESSAGE_LENGTH = 4000;
/** Longest name that is repeated in an error, characters. No recording has a longer one. */
const MAX_NAME_LENGTH = 256;

/** Retry-After if a wait helps and its length is not known, seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 30;

/**
 * gRPC statuses of Firestore that say "not now": DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE
 * (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md).
 */
const TRANSIENT_GRPC_CODES: ReadonlySet<unknown> = new Set([4, 8, 10, 14]);

export function toProblem(error: AppError): Problem {
  const headers: Record<string, string> = {};
  // RFC 9110, 11.6.1: a 401 names the scheme that would be accepted.
  if (error.code === 'unauthenticated') headers['WWW-Authenticate'] = 'Bearer';
  const waitSeconds = waitBeforeRetry(error);
  if (waitSeconds !== null) headers['Retry-After'] = String(waitSeconds);
  return { status: error.status, headers, body: { error: describe(error) } };
}

/**
 * The error as a client sees it. It is never longer than about 50 KB, however many recordings are at fault. A client that corrects the
 * recordings that are named, and sends all again, then learns of the others.
 */
export function describe({ code, message, details }: AppError): ProblemBody['error'] {
  const shown = details.slice(0, MAX_COMPLAINTS);
  const rest = details.length - shown.length;
  const more = rest > 0 ? ` The first ${String(shown.length)} of ${String(details.length)} are named.` : '';
  return {
    code,
    message: clip(message, MAX_MESSAGE_LENGTH) + more,
    details: shown.map((problem) => ({
      ...problem,
      file: clip(problem.file, MAX_NAME_LENGTH),
      message: clip(problem.message, MAX_MESSAGE_LENGTH),
    })),
  };
}

/** Whole seconds after which the same request may succeed; null where waiting does not help. */
export function waitBeforeRetry({ remedy, retryAfterSeconds }: AppError): number | null {
  return remedy === 'later' ? Math.ceil(retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS) : null;
}

/**
 * Turns anything that was thrown into an error that a client may see. Unless it is an AppError, it is logged here, and the client gets
 * only a reference to the log entry.
 */
export function toAppError(error: unknown, logger: Logger): AppError {
  if (error instanceof AppError) {
    if (error.cause !== undefined) logger.warn('request.failed', { code: error.code, ...errorFields(error) });
    return error;
  }
  if (error instanceof Error && 'code' in error && TRANSIENT_GRPC_CODES.has(error.code)) {
    logger.warn('store.unavailable', errorFields(error));
    return new AppError('unavailable', { cause: error });
  }
  const reference = randomBytes(6).toString('hex');
  logger.error('request.crashed', { reference, ...errorFields(error) });
  return new AppError('internal', {
    message: `Something went wrong on our side; try again later. Reference: ${reference}.`,
  });
}
