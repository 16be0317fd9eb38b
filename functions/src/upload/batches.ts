/** Joins what comes for one key while the batch before it is still at work. */

interface Batch<Item> {
  readonly items: Item[];
  begun: boolean;
  done: Promise<void>;
}

/**
 * @param work never runs twice at once for one key.
 * @returns settles as the batch does that the item became part of.
 */
export function inBatches<Item>(
  work: (key: string, items: readonly Item[]) => Promise<void>,
): (key: string, item: Item) => Promise<void> {
  const last = new Map<string, Batch<Item>>();
  return (key, item) => {
    const before = last.get(key);
    if (before !== undefined && !before.begun) {
      before.items.push(item);
      return before.done;
    }
    const batch: Batch<Item> = { items: [item], begun: false, done: Promise.resolve() };
    const begin = async (): Promise<void> => {
      await before?.done.catch(() => undefined);
      batch.begun = true;
      try {
        await work(key, batch.items);
      } finally {
        if (last.get(key) === batch) last.delete(key);
      }
    };
    batch.done = begin();
    last.set(key, batch);
    return batch.done;
  };
}
