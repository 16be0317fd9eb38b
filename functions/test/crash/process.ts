/** The frame of a worker process. */
import type { TaskQueue } from '../../src/jobs/queue.ts';
import type { Plan } from './boundaries.ts';
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

/** Does the one thing that the process was started for, and ends it. @param isExpected whether an error is as it should be. */
export async function run<Order extends { readonly plan: Plan | null }>(
  work: (order: Order, watch: Watch) => Promise<void>,
  isExpected: (error: unknown) => boolean,
): Promise<never> {
  const order = JSON.parse(process.argv[2] ?? '') as Order;
  try {
    await work(order, new Watch(order.plan));
    tell({ event: 'returned' });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell({ event: 'threw', error: text, expected: isExpected(error) });
  }
  process.exit(0);
}
