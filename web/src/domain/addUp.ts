/** Requests many sums, a few at a time, and reports those that are known meanwhile. */
import { coalesce } from '../coalesce.ts';
import { nextTask } from '../nextTask.ts';

/** The sums by name. */
export interface Sums<T> {
  readonly known: ReadonlyMap<string, T>;
  readonly failed: ReadonlyMap<string, Error>;
}

interface AddUpOptions<T> {
  readonly sumOf: (name: string) => Promise<T>;
  /** Called with all that is known so far, now and then, and at the end. */
  readonly onSums: (sums: Sums<T>) => void;
  readonly signal: AbortSignal;
}

/** Number of sums that are requested at the same time. */
const AT_ONCE = 4;
/** Sums that arrive within this time are reported together, milliseconds. */
const SHOW_EVERY_MS = 300;

/** Never rejects. A sum that fails is listed as failed, and does not stop the others. */
export async function addUp<T>(names: readonly string[], { sumOf, onSums, signal }: AddUpOptions<T>): Promise<void> {
  const known = new Map<string, T>();
  const failed = new Map<string, Error>();
  const show = coalesce(() => {
    if (!signal.aborted) onSums({ known: new Map(known), failed: new Map(failed) });
  }, SHOW_EVERY_MS);
  const queue = [...names];
  const takeNext = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined && !signal.aborted; name = queue.shift()) {
      await nextTask(); // Lets the browser answer clicks between requests, each of which takes a slow processor some time.
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
