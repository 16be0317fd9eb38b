/** Work of which there may be more than there is time for. */
import pMap from 'p-map';
import { errorFields } from '../logger.ts';
import type { LogEvent } from '../logEvents.ts';
import type { Logger } from '../logger.ts';

/** Whether the time for something is over: nothing more is begun then. */
export type IsOver = () => boolean;

/**
 * Acts on one item after the other, some at once, until the time is over. The first is begun in any case: whoever comes late,
 * again and again, gets somewhere all the same.
 * @returns how many were begun, and have ended: always the first ones.
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
  /** How many are looked for in one run. */
  readonly page: number;
  readonly isOver: IsOver;
  readonly finish: (item: T) => Promise<void>;
  /** What is logged of one that failed. */
  readonly failure: { readonly event: LogEvent; readonly fields: (item: T) => Record<string, string> };
  readonly logger: Logger;
}

/** Finishes what others began and left. One that fails is told of, keeps nobody from the rest, and is met again in the next run. */
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
