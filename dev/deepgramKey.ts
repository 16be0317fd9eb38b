/** The developer's Deepgram key. */

/** @returns the key, or undefined where it is not set or empty: the stand-in transcribes then. */
export function givenKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['DEEPGRAM_API_KEY']?.trim() || undefined; // oxlint-disable-line typescript/prefer-nullish-coalescing -- an empty key is none
}
