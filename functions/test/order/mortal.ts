/** Workers that die at a given step, or whose requests are refused. */
import type { Firestore } from 'firebase-admin/firestore';
import { AppError } from '../../src/errors.ts';
import { JobStore } from '../../src/jobs/store.ts';
import type { ProcessDeps } from '../../src/worker/processJob.ts';
import { changed } from '../support/worker.ts';

class WorkerDied extends Error {}

/** Counts the steps of a worker, and ends it: a dead worker does nothing more, not even clean up. */
export class Life {
  #steps: number;
  constructor(diesAt: number | null) {
    this.#steps = diesAt ?? Infinity;
  }

  step(): void {
    if (this.#steps <= 0) throw new WorkerDied();
    this.#steps -= 1;
  }
}

/** Dependencies of a worker that can die before and after each transaction of its job, each request, each task and each push. */
export function mortal(deps: ProcessDeps, life: Life): ProcessDeps {
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    life.step();
    const result = await call();
    life.step();
    return result;
  };
  return changed(deps, {
    jobs: new MortalJobs(deps.db, deps.now, around),
    transcriber: { transcribe: (request, signal) => around(() => deps.speech.transcriber.transcribe(request, signal)) },
    notifier: { jobFinished: (message) => around(() => deps.notifier.jobFinished(message)) },
    queue: { enqueue: (payload, options) => around(() => deps.queue.enqueue(payload, options)) },
  });
}

/** Dependencies of a worker one of whose requests the transcription service refuses permanently. */
export function refusing(deps: ProcessDeps, refusedAt: number | null): ProcessDeps {
  const { transcriber } = deps.speech;
  let requests = 0;
  return changed(deps, {
    transcriber: {
      transcribe: async (request, signal) => {
        if (requests++ === refusedAt) throw new AppError('transcription_rejected');
        return transcriber.transcribe(request, signal);
      },
    },
  });
}

class MortalJobs extends JobStore {
  readonly #around: <T>(call: () => Promise<T>) => Promise<T>;

  constructor(db: Firestore, now: () => number, around: <T>(call: () => Promise<T>) => Promise<T>) {
    super(db, now);
    this.#around = around;
  }

  override update(...args: Parameters<JobStore['update']>): ReturnType<JobStore['update']> {
    return this.#around(() => super.update(...args));
  }
}
