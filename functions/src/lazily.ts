/** Handlers that are made with the first call, so that an instance loads nothing that its function does not use. */

/**
 * @param create loads and makes the handler. It is called once, and again after it failed.
 * @returns a handler that calls the one that `create` makes.
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
