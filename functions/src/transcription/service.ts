/** What transcription services behind HTTP have in common: where they are, how long an answer may take, why none came. */

export type ServiceFetch = typeof import('undici').fetch;

/** Bytes an answer may have. Ten minutes of fast speech make about one megabyte; what is far beyond is no transcription. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * Loads the client for such requests. Node's fetch gives up on headers after five minutes, whatever the caller's time-out is, and its Agent
 * cannot be reached (https://github.com/deepgram/deepgram-js-sdk/issues/243). This one leaves time to the caller's signal alone.
 */
export async function loadFetch() {
  const { Agent, FormData, fetch } = await import('undici');
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_RESPONSE_BYTES });
  const patientFetch: ServiceFetch = (input, init) => fetch(input, { ...init, dispatcher });
  return { fetch: patientFetch, FormData };
}

export function isHttpUrl(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

/** The first time-out or system code (`ECONNREFUSED`, `UND_ERR_SOCKET`) in the chain of causes; null when there is none. */
export function systemCode(error: unknown): string | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause.name === 'TimeoutError') return 'TIMEOUT';
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return null;
}
