/** Limits how long a promise is awaited, because some promises of browsers never settle. */

/**
 * Awaits the work for a limited time. The work itself continues after that.
 * @throws Error with the sentence after so many milliseconds; or what the work throws
 */
export async function within<T>(
  work: Promise<T>,
  limitMs: number,
  sentence = 'The browser does not answer.',
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(sentence));
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
