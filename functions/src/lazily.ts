/** Creates handlers with the first call, so that an instance loads only what its function uses. */

/**
 * @param create loads and creates the handler. It is called once, and again after a failure.
 * @returns a handler that calls the created one.
 */
export function lazily<Args extends unknown[], Result>(
  create: () => Promise<(...args: Args) => Promise<Result>>,
): (...args: Args) => Promise<Result> {
  let making: Promise<(...args: Args) => Promise<Result>> | undefined;
  return async (...args) => {
    making ??= create();
    const handler = await making.catch((error: unknown) => {
      making = undefined;
      throw error;
    });
    return handler(...args);
  };
}
