/** The frame of a worker process. */
import type { TaskQueue } from '../../src/jobs/queue.ts';
import type { Plan } from './boundaries.ts';
import type { Event } from './orders.ts';
import { tell, Watch } from './watch.ts';

/** The queue as the platform's: what is in it outlives the worker. */
export function watchedQueue(watch: Watch): TaskQueue {
  return {
    enqueue: (payload, { redrive = 0 } = {}) =>
      watch.around('enqueue', () => {
        tell({ event: 'enqueued', payload, redrive });
        return Promise.resolve();
      }),
  };
}

/** What the process was started for. */
export function readOrder(): unknown {
  return JSON.parse(process.argv[2] ?? '');
}

/** Does it, and ends the process. @param isExpected whether an error is as it should be. */
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
  // First: who meets the plan while it waits for that dies.
  await watch.untilIdle();
  await watch.last(() => {
    tell(ending);
  });
  process.exit(0);
}
