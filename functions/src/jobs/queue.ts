/** The queue of the task function. */
import { createHash } from 'node:crypto';
import type { Functions } from 'firebase-admin/functions';
import * as z from 'zod';
import { TASK_TIMEOUT_SECONDS } from '../config.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { check } from '../validation.ts';
import { isJobId } from './job.ts';
import type { Job, TaskPayload } from './job.ts';

export interface EnqueueOptions {
  /** Delivers the task this many seconds from now. The emulator ignores it, so workers check the time themselves. */
  readonly delaySeconds?: number;
  /**
   * A number other than 0 makes another task for the same job and epoch, for the case that the first task is gone while its id is still
   * blocked. Two tasks of one epoch do no harm: the lease lets only one of them work.
   */
  readonly redrive?: number;
}

export interface TaskQueue {
  /** Enqueues the task, unless it is queued already or ran within the last hour. */
  enqueue(payload: TaskPayload, options?: EnqueueOptions): Promise<void>;
}

/** @param functionName as deployed, with its location: `locations/{region}/functions/processSyncJob`. */
export function createTaskQueue(functions: Functions, functionName: string): TaskQueue {
  return {
    async enqueue(payload, { delaySeconds = 0, redrive = 0 } = {}) {
      try {
        await functions.taskQueue<TaskPayload>(functionName).enqueue(payload, {
          id: taskId(payload, redrive),
          // The default is a minute in the emulator and ten in Cloud Tasks.
          dispatchDeadlineSeconds: TASK_TIMEOUT_SECONDS,
          ...(delaySeconds > 0 ? { scheduleDelaySeconds: Math.ceil(delaySeconds) } : {}),
        });
      } catch (error) {
        if (!isAlreadyQueued(error)) throw error;
      }
    },
  };
}

/** Enqueues a pending job. If that fails, the job stays `pending`, its audio is safe, and the sweeper enqueues it later. */
export async function enqueueJob(
  jobId: string,
  { uid, epoch }: Pick<Job, 'uid' | 'epoch'>,
  { queue, logger }: { readonly queue: TaskQueue; readonly logger: Logger },
): Promise<void> {
  try {
    await queue.enqueue({ jobId, uid, epoch });
  } catch (error) {
    logger.error('job.not_enqueued', { jobId, stage: 'enqueue', ...errorFields(error) });
  }
}

/** One id for each job and epoch, so that enqueuing twice is one task. Hashed: sequential ids slow Cloud Tasks down. */
export function taskId({ jobId, epoch }: TaskPayload, redrive = 0): string {
  return createHash('sha256')
    .update(`${jobId}:${String(epoch)}${redrive === 0 ? '' : `:${String(redrive)}`}`)
    .digest('hex')
    .slice(0, 40);
}

const taskPayload = z.object({
  jobId: z.string().refine(isJobId),
  uid: z.string().regex(/^[^/]{1,128}$/),
  epoch: z.int().min(0),
});

/** Null for a payload that this code did not write. Such a task is dropped, because another delivery would not help. */
export function parseTaskPayload(data: unknown): TaskPayload | null {
  const checked = check(taskPayload, data);
  return checked.ok ? checked.value : null;
}

function isAlreadyQueued(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'functions/task-already-exists';
}
