/** Worker threads that listen: decoding and voice detection on every processor, none of it on the main thread. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Heard, Listener } from './listener.ts';
import { packPassage } from './listenMessages.ts';
import type { Answer } from './listenMessages.ts';
import type { Passage } from './passages.ts';

export interface ListenerPoolOptions {
  /** Threads at most; one for each processor by default. They start when there is work for them. */
  readonly size?: number;
  /** What runs in them. */
  readonly worker?: URL;
}

/** Built, it lies beside this file as JavaScript. */
const WORKER = new URL(`./listenWorker${extname(import.meta.url)}`, import.meta.url);

interface Task {
  readonly passage: Passage;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (heard: Heard) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Answers come in any order, each to its own passage. A thread that dies fails the passage that it had, and is replaced with
 * the next: whether to try again is for the caller, who has the recordings.
 */
export class ListenerPool implements Listener {
  readonly parallel: number;
  readonly #worker: URL;
  readonly #waiting: Task[] = [];
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  #closed = false;

  constructor({ size = availableParallelism(), worker = WORKER }: ListenerPoolOptions = {}) {
    this.parallel = size;
    this.#worker = worker;
  }

  listen(passage: Passage, signal?: AbortSignal): Promise<Heard> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('The listeners are closed.');
      this.#waiting.push({ passage, signal, resolve, reject });
      this.#assign();
    });
  }

  /** Ends the threads; passages that still wait fail. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The listeners are closed.'));
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #assign(): void {
    for (let task = this.#nextTask(); task; task = this.#nextTask()) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread) {
        this.#waiting.unshift(task);
        return;
      }
      thread.take(task);
    }
  }

  /** The oldest passage that somebody still waits for. */
  #nextTask(): Task | undefined {
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      if (!task.signal?.aborted) return task;
      task.reject(task.signal.reason);
    }
    return undefined;
  }

  #start(): Thread | null {
    if (this.#closed || this.#threads.size >= this.parallel) return null;
    const thread = new Thread(
      new Worker(this.#worker, { resourceLimits: { maxYoungGenerationSizeMb: 8 } }),
      () => {
        this.#idle.push(thread);
        this.#assign();
      },
      () => {
        this.#threads.delete(thread);
        const at = this.#idle.indexOf(thread);
        if (at >= 0) this.#idle.splice(at, 1);
        this.#assign();
      },
    );
    this.#threads.add(thread);
    return thread;
  }
}

/** One worker and the passage that it has. */
class Thread {
  readonly #worker: Worker;
  #task: Task | null = null;

  /** @param onIdle it has answered. @param onEnd it is no more. */
  constructor(worker: Worker, onIdle: () => void, onEnd: () => void) {
    this.#worker = worker;
    // An idle thread keeps no process alive.
    worker.unref();
    worker.on('message', (answer: Answer) => {
      worker.unref();
      const task = this.#finish();
      if ('heard' in answer) task?.resolve(answer.heard);
      else task?.reject(answer.error);
      onIdle();
    });
    worker.on('messageerror', (error) => {
      worker.unref();
      this.#finish()?.reject(error);
      onIdle();
    });
    worker.on('error', (error) => this.#finish()?.reject(error));
    worker.on('exit', (code) => {
      this.#finish()?.reject(new Error(`A listening thread ended with code ${code}.`));
      onEnd();
    });
  }

  take(task: Task): void {
    this.#task = task;
    const packed = packPassage(task.passage);
    this.#worker.ref();
    this.#worker.postMessage(packed, [packed.bytes.buffer, packed.sizes.buffer]);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #finish(): Task | null {
    const task = this.#task;
    this.#task = null;
    return task;
  }
}
