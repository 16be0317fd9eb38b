/** Waiting that ends: what a browser promises may never settle. */

/**
 * The work itself goes on.
 * @throws Error with the sentence after so many milliseconds; what the work throws
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
