/** A bounded queue between a producer and its consumer. */

/**
 * Gives what `source` gives, in its order, while the source works on up to `ahead` items beyond the one that was taken last.
 * A failure comes in its turn, behind what was given before it. Leaving early ends the source after the item that it is at.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, ahead: number): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const queue: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (queue.length <= ahead) {
        const next = iterator.next();
        // Asked for later, or never: until then no caller handles a failure.
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
