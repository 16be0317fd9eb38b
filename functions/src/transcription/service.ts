/** What transcription services behind HTTP have in common: loading the client, limits of answers, reasons of failures. */

export type ServiceFetch = typeof import('undici').fetch;

/** Largest answer, bytes. Ten minutes of fast speech are about one megabyte; a far larger answer is no transcription. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * Loads the client for such requests. Node's fetch gives up on headers after five minutes, even if the caller allows more, and its
 * Agent cannot be changed (https://github.com/deepgram/deepgram-js-sdk/issues/243). This client has no time limit but the caller's
 * signal.
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

/** The first time-out or system code (`ECONNREFUSED`, `UND_ERR_SOCKET`) in the chain of causes; null if there is none. */
export function systemCode(error: unknown): string | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause.name === 'TimeoutError') return 'TIMEOUT';
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return null;
}
