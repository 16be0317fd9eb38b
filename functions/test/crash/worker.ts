/** A worker process: processes one task with the code under test, and carries out the plan. */
import { listenWith } from '../../src/audio/detect/listener.ts';
import { loadSileroVad } from '../../src/audio/detect/vad.ts';
import { AppError } from '../../src/errors.ts';
import type { JobFile } from '../../src/jobs/job.ts';
import { processJob } from '../../src/worker/processJob.ts';
import type { ProcessDeps } from '../../src/worker/processJob.ts';
import { StagedAudio } from '../../src/storage/stagedAudio.ts';
import type { StagedObject } from '../../src/storage/staging.ts';
import { createLocalTranscriber } from '../../src/transcription/local/localTranscriber.ts';
import { RecogniserPool } from '../../src/transcription/local/recogniserPool.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import { changed, TestWorld } from '../support/worker.ts';
import { CONCURRENCY, isForTheQueue, nothing, transcriberAt } from './deps.ts';
import type { TaskOrder } from './orders.ts';
import { readOrder, run, watchedQueue } from './process.ts';
import { OutageError, sha256Of, taskStepOf, tell } from './watch.ts';
import type { Watch } from './watch.ts';

class WatchedAudio extends StagedAudio {
  readonly #watch: Watch;
  #failing: boolean;

  constructor(world: TestWorld, watch: Watch, failing: boolean) {
    super(world.bucket());
    this.#watch = watch;
    this.#failing = failing;
  }

  override async *open(file: Pick<JobFile, 'path' | 'name'>): AsyncGenerator<Uint8Array> {
    await this.#watch.reach('read audio', 'before');
    if (this.#failing) {
      this.#failing = false;
      throw new AppError('storage_unavailable'); // as StagedAudio does
    }
    for await (const bytes of super.open(file)) {
      await this.#watch.reach('read audio', 'after');
      yield bytes;
    }
  }

  override delete(paths: readonly string[]): Promise<void> {
    return this.#watch.around('delete audio', () => super.delete(paths));
  }

  override deleteListed(objects: readonly StagedObject[]): Promise<void> {
    return this.#watch.around('delete audio', () => super.deleteListed(objects));
  }
}

function watchedDeps(order: TaskOrder, watch: Watch): ProcessDeps {
  const world = new TestWorld({ logger: nothing, queue: watchedQueue(watch) }, order.projectId);
  world.aheadMs = order.aheadMs;
  watch.onPassed = (ms) => (world.aheadMs += ms);
  watch.watchTransactions(world.db, taskStepOf);
  const { notifier } = world.deps;
  const { standInUrl } = order;
  const transcriber =
    standInUrl === null ? tellingRecogniser() : transcriberAt(standInUrl, order.requestTimeoutMs, nothing);
  return changed(world.deps, {
    concurrency: standInUrl === null ? 1 : CONCURRENCY,
    audio: new WatchedAudio(world, watch, order.failRead),
    transcriber: {
      async transcribe(request, signal) {
        const { bytes } = await request.audio.encoded();
        return watch.asking(bytes, () => watch.around('transcribe', () => transcriber.transcribe(request, signal)));
      },
    },
    notifier: { jobFinished: (message) => watch.around('notify', () => notifier.jobFinished(message)) },
    listener: () => watch.around('load vad', async () => listenWith(await loadSileroVad())),
    workMs: order.workMs,
    taskMs: order.taskMs,
    leaseMs: order.leaseMs,
    exit: () => {
      tell({ event: 'exited' });
      process.exit(1);
    },
  });
}

/** The local recogniser, in one thread. */
function tellingRecogniser(): Transcriber {
  const pool = new RecogniserPool({ size: 1 });
  const recogniser = createLocalTranscriber({ size: 'tiny', recogniser: () => Promise.resolve(pool), logger: nothing });
  return {
    async transcribe(request, signal) {
      const result = await recogniser.transcribe(request, signal);
      const { bytes } = await request.audio.encoded();
      tell({ event: 'recognised', requestId: result.requestId, sha256: sha256Of(bytes) });
      return result;
    },
  };
}

const order = readOrder() as TaskOrder;
await run(
  order.plan,
  (watch) => processJob(order.payload, watchedDeps(order, watch)),
  (error) => isForTheQueue(error) || error instanceof OutageError,
);
