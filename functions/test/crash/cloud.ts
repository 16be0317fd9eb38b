/** The queue of the platform, for a clock that the tests move. */
import { taskId } from '../../src/jobs/queue.ts';
import type { EnqueueOptions, TaskQueue } from '../../src/jobs/queue.ts';
import type { TaskPayload } from '../../src/jobs/job.ts';

/** Like Cloud Tasks, it delivers at least once and in any order, and accepts an id only once. */
export class CloudTasks implements TaskQueue {
  readonly #waiting = new Map<string, TaskPayload>();
  readonly #known = new Map<string, TaskPayload>();

  enqueue(payload: TaskPayload, { redrive = 0 }: EnqueueOptions = {}): Promise<void> {
    const id = taskId(payload, redrive);
    if (!this.#known.has(id)) this.#waiting.set(id, payload);
    this.#known.set(id, payload);
    return Promise.resolve();
  }

  /** Tasks that are not done, oldest first. */
  waiting(): { readonly id: string; readonly payload: TaskPayload }[] {
    return [...this.#waiting].map(([id, payload]) => ({ id, payload }));
  }

  /** Every task so far, done or not. */
  everything(): readonly TaskPayload[] {
    return [...this.#known.values()];
  }

  /** Removes a task whose worker has succeeded. */
  done(id: string): void {
    this.#waiting.delete(id);
  }

  /** Moves a task to the end of the queue after a failure. */
  backOff(id: string): void {
    const payload = this.#waiting.get(id);
    if (payload === undefined) return;
    this.#waiting.delete(id);
    this.#waiting.set(id, payload);
  }
}
