/** Work that may exceed the time of one run. */
import pMap from 'p-map';
import { errorFields } from '../logger.ts';
import type { LogEvent } from '../logEvents.ts';
import type { Logger } from '../logger.ts';

/** Whether the time is over, after which nothing more is begun. */
export type IsOver = () => boolean;

/**
 * Acts on items in their order, several at the same time, until the time is over. It always begins at least one item, so that a late
 * sweep still makes progress.
 * @returns how many items were begun. All of these have ended, and they are the first ones.
 */
export async function forEachUntil<T>(
  items: readonly T[],
  { isOver, concurrency }: { readonly isOver: IsOver; readonly concurrency: number },
  act: (item: T) => Promise<void>,
): Promise<number> {
  let begun = 0;
  let over = false;
  await pMap(
    items,
    async (item) => {
      over ||= begun > 0 && isOver();
      if (over) return;
      begun += 1;
      await act(item);
    },
    { concurrency },
  );
  return begun;
}

const CONCURRENCY = 4;

export interface Finishing<T> {
  /** How many items one run looks for. */
  readonly page: number;
  readonly isOver: IsOver;
  readonly finish: (item: T) => Promise<void>;
  /** What is logged of an item that failed. */
  readonly failure: { readonly event: LogEvent; readonly fields: (item: T) => Record<string, string> };
  readonly logger: Logger;
}

/**
 * Finishes work that an earlier process left unfinished. An item that fails is logged and left for the next run; the others are
 * finished.
 */
export async function finishEach<T>(left: readonly T[], { page, isOver, finish, failure, logger }: Finishing<T>) {
  let failed = 0;
  const seen = await forEachUntil(left, { isOver, concurrency: CONCURRENCY }, async (item) => {
    try {
      await finish(item);
    } catch (error) {
      failed += 1;
      logger.warn(failure.event, { ...failure.fields(item), stage: 'sweep', ...errorFields(error) });
    }
  });
  return { seen, done: seen - failed, failed, more: left.length === page || seen < left.length };
}
