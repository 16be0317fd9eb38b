/** A bounded queue between a producer and its consumer. */

/**
 * Yields the items of `source` in order, while the source works on up to `ahead` items beyond the last one that was taken. A failure is
 * thrown in its turn, after the items before it. If the consumer stops early, the source ends after its current item.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, ahead: number): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const queue: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (queue.length <= ahead) {
        const next = iterator.next();
        // Awaited later or never: until then a failure must not count as unhandled.
        next.catch(() => undefined);
        queue.push(next);
      }
      const result = await queue.shift();
      if (result === undefined || result.done) return;
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
