/** Wishes of the user in a context that does not work on the store: entries, until the working context grants them. */
import type { StoredValue } from './store.ts';

const KEY = 'wish/';

/** For one recording: upload it again, follow its retried job, delete it, or stop its upload. For none: try now. */
export type Wish =
  | { readonly id: string; readonly what: 'again' | 'retried' | 'gone' | 'stop' }
  | { readonly id: null; readonly what: 'now' };

export function wishEntries(wishes: readonly Wish[], newId: () => string): ReadonlyMap<string, StoredValue> {
  // Each wish has a key of its own, so that a later one is not lost when an earlier one is removed.
  return new Map(wishes.map((wish) => [KEY + newId(), wish]));
}

/** The wishes among the entries, by key. */
export function wishesIn(entries: ReadonlyMap<string, StoredValue>): ReadonlyMap<string, Wish> {
  const wishes = new Map<string, Wish>();
  for (const [key, value] of entries) if (key.startsWith(KEY)) wishes.set(key, value as unknown as Wish);
  return wishes;
}
