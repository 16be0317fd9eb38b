import assert from 'node:assert/strict';
import type { Functions } from 'firebase-admin/functions';
import { createTaskQueue, taskId } from '../../../src/jobs/queue.ts';

interface Sent {
  readonly name: string;
  readonly payload: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the queue passes to the Admin SDK. @param refusal thrown instead of accepting the task. */
function recordingFunctions(sent: Sent[], refusal?: Error): Functions {
  const enqueue = (name: string) => (payload: unknown, options: Sent['options']) => {
    if (refusal !== undefined) return Promise.reject(refusal);
    sent.push({ name, payload, options });
    return Promise.resolve();
  };
  return { taskQueue: (name: string) => ({ enqueue: enqueue(name) }) } as unknown as Functions;
}

const TASK = { jobId: 'job', uid: 'ann', epoch: 3 };

describe('the task queue', () => {
  it('sends the job with an id of its own, and the deadline of its function', async () => {
    const sent: Sent[] = [];
    await createTaskQueue(recordingFunctions(sent), 'processSyncJob').enqueue(TASK);
    const options = { id: taskId(TASK), dispatchDeadlineSeconds: 900 };
    assert.deepEqual(sent, [{ name: 'processSyncJob', payload: TASK, options }]);
  });

  it('sends a delay in whole seconds, never too early', async () => {
    const sent: Sent[] = [];
    await createTaskQueue(recordingFunctions(sent), 'f').enqueue(TASK, { delaySeconds: 1.2 });
    assert.equal(sent[0]?.options['scheduleDelaySeconds'], 2);
  });

  it('has one id for a job and epoch, and others for other epochs and redrives', () => {
    assert.equal(taskId(TASK), taskId({ ...TASK }, 0));
    const ids = [
      taskId(TASK),
      taskId({ ...TASK, epoch: 4 }),
      taskId({ ...TASK, jobId: 'b' }),
      taskId(TASK, 1),
      taskId(TASK, 2),
    ];
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[\w-]{1,500}$/); // what Cloud Tasks takes
  });

  it('treats a task that exists already as enqueued, and no other refusal', async () => {
    const refusal = (code: string) => Object.assign(new Error(code), { code });
    const queue = (code: string) => createTaskQueue(recordingFunctions([], refusal(code)), 'f');
    await queue('functions/task-already-exists').enqueue(TASK);
    await assert.rejects(queue('functions/unauthenticated').enqueue(TASK), /unauthenticated/);
  });
});
