/** A longer Retry-After is cut to this: a job must not wait for days because of one header. */
const MAX_RETRY_AFTER_SECONDS = 3600;

/**
 * `Retry-After` as whole seconds from now (RFC 9110, section 10.2.3: delay-seconds or an HTTP-date); null if it is absent or neither.
 * @param now Unix milliseconds.
 */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((httpDate(value) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS);
}

/** Unix milliseconds; NaN unless it is an IMF-fixdate, the only form that may still be sent (RFC 9110, section 5.6.7). */
function httpDate(value: string): number {
  return /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value) ? Date.parse(value) : NaN;
}
