/** A pool of threads that decode passages and detect voice in them, on every processor and none of it on the main thread. */
import { extname } from 'node:path';
import { WorkerPool } from '../../threads/workerPool.ts';
import type { Detection, Listener } from './listener.ts';
import { packPassage } from './listenMessages.ts';
import type { Passage } from './passages.ts';

export interface ListenerPoolOptions {
  /** The largest number of threads; by default one for each processor. */
  readonly size?: number;
  /** The script of the threads. */
  readonly worker?: URL;
}

/** The script lies beside this file: as TypeScript in the sources, as JavaScript in the build. */
const WORKER = new URL(`./listenWorker${extname(import.meta.url)}`, import.meta.url);

/** If a thread dies, its passage fails. The caller, which has the recordings, decides whether to try again. */
export class ListenerPool implements Listener {
  readonly parallel: number;
  readonly #pool: WorkerPool<Passage, Detection>;

  constructor({ worker = WORKER, ...options }: ListenerPoolOptions = {}) {
    this.#pool = new WorkerPool({ ...options, worker, work: 'listening', pack });
    this.parallel = this.#pool.size;
  }

  listen(passage: Passage, signal?: AbortSignal): Promise<Detection> {
    return this.#pool.run(passage, signal);
  }

  /** Ends the threads. Passages that are waiting fail. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

function pack(passage: Passage) {
  const message = packPassage(passage);
  return { message, transfer: [message.bytes.buffer, message.sizes.buffer] };
}
