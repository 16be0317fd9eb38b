/** Ways to disturb an upload while it is accepted, and what must be true afterwards. */
import assert from 'node:assert/strict';
import type { Upload } from '../../src/upload/accept.ts';
import type { JobFile } from '../../src/jobs/job.ts';
import type { BeforeCall, MemoryJobs } from './memoryStores.ts';
import type { MemoryDeps } from './uploads.ts';

/** Fails the calls of these names, the given time each (the first is 1). */
export function failing(failures: Readonly<Record<string, number>>): BeforeCall {
  const calls: Record<string, number> = {};
  return (call) => {
    calls[call] = (calls[call] ?? 0) + 1;
    return calls[call] === failures[call] ? Promise.reject(new Error(`${call} failed`)) : Promise.resolve();
  };
}

interface Step {
  readonly call: string;
  run(): Promise<void>;
  fail(): Promise<void>;
}

/** Holds every call back until the test releases it. */
export class StepByStep {
  readonly #waiting: Step[] = [];

  readonly before: BeforeCall = (call) =>
    new Promise((resolve, reject) => {
      this.#waiting.push({
        call,
        run: () => settled(resolve),
        fail: () =>
          settled(() => {
            reject(new Error(`${call} failed`));
          }),
      });
    });

  /** The first calls of this name that wait, oldest first. */
  take(call: string, count: number): Step[] {
    const taken = this.#waiting.filter((step) => step.call === call).slice(0, count);
    assert.equal(taken.length, count, `${call} of ${this.#waiting.map((step) => step.call).join()}`);
    for (const step of taken) this.#waiting.splice(this.#waiting.indexOf(step), 1);
    return taken;
  }

  /** Releases the oldest waiting call of each name, one after the other. */
  async run(...calls: string[]): Promise<void> {
    await settled(() => undefined);
    for (const call of calls) await this.take(call, 1)[0]!.run();
  }
}

/** Waits until everything that follows has happened: nothing in these tests waits for a timer or for I/O. */
async function settled(act: () => void): Promise<void> {
  act();
  await new Promise(setImmediate);
}

export function assertNothingLeft({ jobs, staging, queue }: MemoryDeps): void {
  assert.deepEqual([[...jobs.byId.keys()], [...staging.objects.keys()], [...queue.tasks.keys()]], [[], [], []]);
}

export function filesIn(jobs: MemoryJobs, jobId: string): readonly JobFile[] {
  return jobs.files.byJob.get(jobId)!.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every recording of the upload is in Storage, at the path that the job names. */
export function assertStaged({ jobs, staging }: MemoryDeps, jobId: string, { recordings }: Upload): void {
  assert.deepEqual(
    filesIn(jobs, jobId).map(({ path }) => Buffer.from(staging.objects.get(path)?.bytes ?? [])),
    recordings.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ bytes }) => Buffer.from(bytes)),
  );
}
