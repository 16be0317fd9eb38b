/** An instance of the upload function, as a process: accepts one upload, and carries out the plan. */
import { AppError } from '../../src/errors.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import type { AcceptDeps } from '../../src/upload/accept.ts';
import { TestWorld } from '../support/worker.ts';
import { nothing } from './deps.ts';
import type { UploadOrder } from './orders.ts';
import { readOrder, run, watchedQueue } from './process.ts';
import { sampleUpload } from './samples.ts';
import type { Watch } from './watch.ts';

/** @param failing the name of the recording at which Storage fails; null for none. */
function watched(deps: AcceptDeps, watch: Watch, failing: string | null): AcceptDeps {
  const { jobs, staging } = deps;
  return {
    ...deps,
    jobs: {
      newId: () => jobs.newId(),
      get: (jobId) => jobs.get(jobId),
      create: (jobId, job) => watch.around('create job', () => jobs.create(jobId, job)),
      update: (jobId, decide) => watch.around('mark staged', () => jobs.update(jobId, decide)),
      replace: (jobId, ended, job) => jobs.replace(jobId, ended, job),
      discard: (jobId, createdAt) => watch.around('discard', () => jobs.discard(jobId, createdAt)),
    },
    staging: {
      put: (object) =>
        watch.around('stage', () => {
          if (failing !== null && object.path.endsWith(`/${failing}`)) throw new Error('Storage does not answer.');
          return staging.put(object);
        }),
      remove: (object) => watch.around('unstage', () => staging.remove(object)),
    },
  };
}

const order = readOrder() as UploadOrder;
await run(
  order.plan,
  async (watch) => {
    const world = new TestWorld({ logger: nothing, queue: watchedQueue(watch) }, order.projectId);
    world.aheadMs = order.aheadMs;
    watch.watchTransactions(world.db, () => null);
    const upload = sampleUpload(order, world.deps.now());
    const failing = order.failStaging ? (upload.recordings.at(-1)?.name ?? null) : null;
    await acceptUpload(watched(world.acceptDeps(), watch, failing), upload);
  },
  (error) => error instanceof AppError && error.code === 'unavailable',
);
