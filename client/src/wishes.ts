/** What a context is asked for by hand while another one works on the store: entries, until that one grants them. */
import type { StoredValue } from './store.ts';

const KEY = 'wish/';

/** Of one recording: upload it again; its job runs again; forget it; stop its upload. Of none: wait no longer. */
export type Wish =
  | { readonly id: string; readonly what: 'again' | 'retried' | 'gone' | 'stop' }
  | { readonly id: null; readonly what: 'now' };

export function wishEntries(wishes: readonly Wish[], newId: () => string): ReadonlyMap<string, StoredValue> {
  // Each has a key of its own: a later wish is not lost when an earlier one is removed.
  return new Map(wishes.map((wish) => [KEY + newId(), wish]));
}

/** By their keys. */
export function wishesIn(entries: ReadonlyMap<string, StoredValue>): ReadonlyMap<string, Wish> {
  const wishes = new Map<string, Wish>();
  for (const [key, value] of entries) if (key.startsWith(KEY)) wishes.set(key, value as unknown as Wish);
  return wishes;
}
