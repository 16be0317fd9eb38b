import pMap from 'p-map';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';

const CONCURRENCY = 4;

export interface Finishing<T> {
  /** How many are looked for in one run. */
  readonly page: number;
  readonly finish: (item: T) => Promise<void>;
  /** What the log says of one that failed. */
  readonly failure: { readonly message: string; readonly fields: (item: T) => Record<string, string> };
  readonly logger: Logger;
}

/** Finishes what others began and left. One that fails is told of, keeps nobody from the rest, and is met again in the next run. */
export async function finishEach<T>(begun: readonly T[], { page, finish, failure, logger }: Finishing<T>) {
  let failed = 0;
  const tryOne = async (item: T): Promise<void> => {
    try {
      await finish(item);
    } catch (error) {
      failed += 1;
      logger.warn(failure.message, { ...failure.fields(item), stage: 'sweep', ...errorFields(error) });
    }
  };
  await pMap(begun, tryOne, { concurrency: CONCURRENCY });
  return { seen: begun.length, done: begun.length - failed, failed, more: begun.length === page };
}
