/** Handlers that are made with the first request: a cold start pays for nothing that the function does not use. */

/** @param create makes the handler; called once. */
export function lazily<Args extends unknown[], Result>(
  create: () => (...args: Args) => Result,
): (...args: Args) => Result {
  let handler: ((...args: Args) => Result) | undefined;
  return (...args) => (handler ??= create())(...args);
}
