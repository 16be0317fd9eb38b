/** Joins items of one key that come while the batch before them is being handled, or shortly after. */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';

interface Batch<Item> {
  readonly items: Item[];
  begun: boolean;
  done: Promise<void>;
  /** When the next batch of its key may begin. */
  rested: Promise<void>;
}

/**
 * @param work never runs twice at the same time for one key, nor for more than `concurrency` keys.
 * @param restMs between two batches of one key, milliseconds.
 * @returns a promise that settles with the batch that has the item.
 */
export function inBatches<Item>(
  work: (key: string, items: readonly Item[]) => Promise<void>,
  concurrency: number,
  restMs = 0,
): (key: string, item: Item) => Promise<void> {
  const last = new Map<string, Batch<Item>>();
  const inTurn = pLimit(concurrency);
  return (key, item) => {
    const before = last.get(key);
    if (before !== undefined && !before.begun) {
      before.items.push(item);
      return before.done;
    }
    const batch: Batch<Item> = { items: [item], begun: false, done: Promise.resolve(), rested: Promise.resolve() };
    const begin = async (): Promise<void> => {
      await before?.rested;
      await inTurn(() => {
        batch.begun = true;
        return work(key, batch.items);
      });
    };
    const rest = async (): Promise<void> => {
      await batch.done.catch(() => undefined);
      if (restMs > 0) await sleep(restMs);
      if (last.get(key) === batch) last.delete(key);
    };
    batch.done = begin();
    batch.rested = rest();
    last.set(key, batch);
    return batch.done;
  };
}
