/** What modules need of a logger: `firebase-functions/logger` is one, and so is a test's list. */
export interface Logger {
  /** @param fields ids, counts, durations and codes; never tokens, transcripts or contents. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * What may be logged of an error. Never the error object itself: those of HTTP clients carry the request with its
 * Authorization header and body.
 */
export function errorFields(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: String(error) };
  return {
    error: `${error.name}: ${error.message}`,
    stack: error.stack,
    ...('code' in error ? { errorCode: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}
