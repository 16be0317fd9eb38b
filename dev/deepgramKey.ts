/** The developer's Deepgram key. */

/** @returns the key; undefined if it is not set or empty, so that the stand-in transcribes. */
export function givenKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['DEEPGRAM_API_KEY']?.trim() || undefined; // oxlint-disable-line typescript/prefer-nullish-coalescing -- an empty key is none
}
