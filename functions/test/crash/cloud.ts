/** What the platform does in production and nothing does in the emulators when time is moved: the queue and the schedule. */
import { taskId } from '../../src/jobs/queue.ts';
import type { EnqueueOptions, TaskQueue } from '../../src/jobs/queue.ts';
import type { TaskPayload } from '../../src/jobs/job.ts';

/** Cloud Tasks: at least once, in any order, and an id only once. */
export class CloudTasks implements TaskQueue {
  readonly #waiting = new Map<string, TaskPayload>();
  readonly #known = new Map<string, TaskPayload>();

  enqueue(payload: TaskPayload, { redrive = 0 }: EnqueueOptions = {}): Promise<void> {
    const id = taskId(payload, redrive);
    if (!this.#known.has(id)) this.#waiting.set(id, payload);
    this.#known.set(id, payload);
    return Promise.resolve();
  }

  /** Tasks that are to be delivered, oldest first. */
  waiting(): { readonly id: string; readonly payload: TaskPayload }[] {
    return [...this.#waiting].map(([id, payload]) => ({ id, payload }));
  }

  /** Every task there ever was. */
  everything(): readonly TaskPayload[] {
    return [...this.#known.values()];
  }

  /** The worker answered with success. Any other end leaves the task where it is. */
  done(id: string): void {
    this.#waiting.delete(id);
  }

  /** To the end of the line, as after a failure. */
  backOff(id: string): void {
    const payload = this.#waiting.get(id);
    if (payload === undefined) return;
    this.#waiting.delete(id);
    this.#waiting.set(id, payload);
  }
}
