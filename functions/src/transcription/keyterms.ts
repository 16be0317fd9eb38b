/**
 * Deepgram refuses a whole request whose keyterms pass 500 tokens (400 "Keyterm limit exceeded", see
 * https://developers.deepgram.com/docs/keyterm): a long vocabulary must not cost a user all transcripts.
 */
const MAX_TOKENS = 500;

/**
 * The first terms of the user that surely fit, trimmed and without repetitions. Deepgram's tokenizer is not public. Reports of refused
 * requests (deepgram-python-sdk issue 503: about 130 short call signs) show that names and codes take a token every two to three
 * characters; one for two bytes of UTF-8 stays below that.
 */
export function fittingKeyterms(keyterms: readonly string[]): string[] {
  const fitting = new Set<string>();
  let tokens = 0;
  for (const keyterm of keyterms) {
    const term = keyterm.trim();
    if (term === '' || fitting.has(term)) continue;
    tokens += Math.ceil(Buffer.byteLength(term) / 2);
    if (tokens > MAX_TOKENS) break;
    fitting.add(term);
  }
  return [...fitting];
}
