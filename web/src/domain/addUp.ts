/** Many sums, of which each is a request: few at once, and what is known of them is shown meanwhile. */
import { coalesce } from '../coalesce.ts';
import { nextTask } from '../nextTask.ts';

/** By name. */
export interface Sums<T> {
  readonly known: ReadonlyMap<string, T>;
  readonly failed: ReadonlyMap<string, Error>;
}

interface AddUpOptions<T> {
  readonly sumOf: (name: string) => Promise<T>;
  /** Gets all that is known so far, now and then, and at the end. */
  readonly onSums: (sums: Sums<T>) => void;
  readonly signal: AbortSignal;
}

/** Sums that are asked for at the same time. */
const AT_ONCE = 4;
/** Sums come one by one: they are shown together, milliseconds. */
const SHOW_EVERY_MS = 300;

/** Never rejects: a sum that fails is among the failed ones, and keeps none of the others from being known. */
export async function addUp<T>(names: readonly string[], { sumOf, onSums, signal }: AddUpOptions<T>): Promise<void> {
  const known = new Map<string, T>();
  const failed = new Map<string, Error>();
  const show = coalesce(() => {
    if (!signal.aborted) onSums({ known: new Map(known), failed: new Map(failed) });
  }, SHOW_EVERY_MS);
  const queue = [...names];
  const takeNext = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined && !signal.aborted; name = queue.shift()) {
      await nextTask(); // Each request is some work for a slow processor.
      try {
        known.set(name, await sumOf(name));
      } catch (error) {
        failed.set(name, error instanceof Error ? error : new Error(String(error)));
      }
      show();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
  show.flush();
}
