/** Worker threads that listen: decoding and voice detection on every processor, none of it on the main thread. */
import { extname } from 'node:path';
import { WorkerPool } from '../../threads/workerPool.ts';
import type { Heard, Listener } from './listener.ts';
import { packPassage } from './listenMessages.ts';
import type { Passage } from './passages.ts';

export interface ListenerPoolOptions {
  /** Threads at most; one for each processor by default. */
  readonly size?: number;
  /** What runs in them. */
  readonly worker?: URL;
}

/** Built, it lies beside this file as JavaScript. */
const WORKER = new URL(`./listenWorker${extname(import.meta.url)}`, import.meta.url);

/** A thread that dies fails the passage that it had; the caller, who has the recordings, decides whether to try again. */
export class ListenerPool implements Listener {
  readonly parallel: number;
  readonly #pool: WorkerPool<Passage, Heard>;

  constructor({ worker = WORKER, ...options }: ListenerPoolOptions = {}) {
    this.#pool = new WorkerPool({ ...options, worker, work: 'listening', pack });
    this.parallel = this.#pool.size;
  }

  listen(passage: Passage, signal?: AbortSignal): Promise<Heard> {
    return this.#pool.run(passage, signal);
  }

  /** Ends the threads; passages that still wait fail. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

function pack(passage: Passage) {
  const message = packPassage(passage);
  return { message, transfer: [message.bytes.buffer, message.sizes.buffer] };
}
