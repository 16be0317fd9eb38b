/** How long to wait before a request is repeated. */

const BASE_MS = 1000;
/** The longest wait after failures of our server, milliseconds. */
export const LONGEST_BACK_OFF_MS = 5 * 60_000;
/** The longest wait after requests that did not reach our server, milliseconds: a network that works again is noticed within this time. */
export const LONGEST_UNREACHED_MS = 2 * 60_000;
/** A day and an hour, milliseconds: by then a new daily budget has begun. A client that is restricted for longer tries once a day. */
export const LONGEST_COOL_DOWN_MS = 25 * 3600_000;
/** The wait without a Retry-After, milliseconds. */
const DEFAULT_COOL_DOWN_MS = 30_000;
/**
 * The shortest wait, milliseconds: a Retry-After of 0, or a date that a wrong clock takes for past, must not lead to a stream of
 * requests.
 */
const SHORTEST_COOL_DOWN_MS = 1000;

/**
 * Exponential, with "equal jitter": between half of it and all of it, so that devices that lost one server together do not
 * come back together, and none comes back immediately.
 * @param failures in a row, from 1. @param random from 0 to 1. @param longestMs milliseconds.
 */
export function backOffMs(failures: number, random: number, longestMs: number = LONGEST_BACK_OFF_MS): number {
  const ceiling = Math.min(longestMs, BASE_MS * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return ceiling / 2 + (ceiling / 2) * random;
}

/** As long as the server asks for, and up to a tenth longer; within bounds. */
export function coolDownMs(retryAfterMs: number | null, random: number): number {
  const asked = Math.min(LONGEST_COOL_DOWN_MS, retryAfterMs ?? DEFAULT_COOL_DOWN_MS);
  return Math.max(SHORTEST_COOL_DOWN_MS, asked) * (1 + random / 10);
}

/** Parses Retry-After (RFC 9110, 10.2.3): seconds, or a date. Null if it has neither. */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
