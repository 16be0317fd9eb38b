/** What every worker process does around its work. */
import type { TaskQueue } from '../../src/jobs/queue.ts';
import type { Plan } from './boundaries.ts';
import type { Event } from './orders.ts';
import { tell, Watch } from './watch.ts';

/** A queue in the parent, so that its tasks survive the worker, as the platform's do. */
export function watchedQueue(watch: Watch): TaskQueue {
  return {
    enqueue: (payload, { redrive = 0 } = {}) =>
      watch.around('enqueue', () => {
        tell({ event: 'enqueued', payload, redrive });
        return Promise.resolve();
      }),
  };
}

/** The order for which the process was started. */
export function readOrder(): unknown {
  return JSON.parse(process.argv[2] ?? '');
}

/** Does the work, reports how it ended, and ends the process. @param isExpected whether an error is intended. */
export async function run(
  plan: Plan | null,
  work: (watch: Watch) => Promise<void>,
  isExpected: (error: unknown) => boolean,
): Promise<never> {
  const watch = new Watch(plan);
  const ending = await work(watch).then(
    (): Event => ({ event: 'returned' }),
    (error: unknown): Event => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { event: 'threw', error: text, expected: isExpected(error) };
    },
  );
  // Before the report: the plan may kill the worker while it waits.
  await watch.untilIdle();
  await watch.last(() => {
    tell(ending);
  });
  process.exit(0);
}
