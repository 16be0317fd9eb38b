import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { readAhead } from '../../../src/worker/readAhead.ts';

/** Counts to `end`, and fails there if it has an error. Notes how much it has returned, and whether it was ended. */
class Counter {
  given = 0;
  ended = false;
  readonly #end: number;
  readonly #error: Error | null;

  constructor(end: number, error: Error | null = null) {
    this.#end = end;
    this.#error = error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      while (this.given < this.#end) {
        await setImmediate();
        yield this.given++;
      }
      if (this.#error) throw this.#error;
    } finally {
      this.ended = true;
    }
  }
}

describe('Reading ahead', () => {
  it('returns everything in order', async () => {
    const all: number[] = [];
    for await (const each of readAhead(new Counter(10), 3)) all.push(each);
    assert.deepEqual(all, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('continues while the consumer works, up to its limit and no further', async () => {
    const counter = new Counter(100);
    for await (const each of readAhead(counter, 3)) {
      for (let i = 0; i < 50; i++) await setImmediate();
      assert.equal(counter.given, each + 1 + 3);
      if (each === 5) break;
    }
  });

  it('returns what came before a failure, and then fails', async () => {
    const all: number[] = [];
    const error = new Error('torn');
    await assert.rejects(
      async () => {
        for await (const each of readAhead(new Counter(4, error), 3)) all.push(each);
      },
      (thrown) => thrown === error,
    );
    assert.deepEqual(all, [0, 1, 2, 3]);
  });

  it('ends its source when the consumer leaves it', async () => {
    const counter = new Counter(100);
    for await (const each of readAhead(counter, 3)) if (each === 2) break;
    assert.ok(counter.ended);
  });
});
