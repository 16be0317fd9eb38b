/** Worker threads that all do the same work, so that all processors are used and the main thread stays free. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import type { Answer } from './workerMain.ts';

export interface WorkerPoolOptions<Request> {
  /** The script of the threads, which calls `serveRequests`. */
  readonly worker: URL;
  /** The name of the work in error messages: `listening`. */
  readonly work: string;
  /** Called when a thread takes the request. Transferred buffers can no longer be used on this side. */
  readonly pack: (request: Request) => { readonly message: unknown; readonly transfer: readonly Transferable[] };
  /** The largest number of threads; by default one for each processor. A thread starts when there is work for it. */
  readonly size?: number;
}

interface Task<Request, Result> {
  readonly request: Request;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Threads take requests in order. If a thread dies, its request fails, and the next request starts a new thread. The caller decides
 * whether to try again.
 */
export class WorkerPool<Request, Result> {
  readonly size: number;
  readonly #options: WorkerPoolOptions<Request>;
  readonly #waiting: Task<Request, Result>[] = [];
  readonly #idle: Thread<Request, Result>[] = [];
  readonly #threads = new Set<Thread<Request, Result>>();
  #closed = false;

  constructor(options: WorkerPoolOptions<Request>) {
    this.size = options.size ?? availableParallelism();
    this.#options = options;
  }

  /**
   * @returns the thread's result
   * @throws the signal's reason if it is aborted before a thread takes the request; the thread's error
   */
  run(request: Request, signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw this.#closedError();
      this.#waiting.push({ request, signal, resolve, reject });
      this.#assign();
    });
  }

  /** Ends the threads. Requests that are waiting fail. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#closedError());
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #closedError(): Error {
    return new Error(`The ${this.#options.work} threads are closed.`);
  }

  #assign(): void {
    for (let task = this.#nextTask(); task; task = this.#nextTask()) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread) {
        this.#waiting.unshift(task);
        return;
      }
      try {
        thread.run(task);
      } catch (error) {
        // The request cannot be packed or sent, so the thread stays idle.
        task.reject(error);
        this.#idle.push(thread);
      }
    }
  }

  /** The oldest request that is still wanted. */
  #nextTask(): Task<Request, Result> | undefined {
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      if (!task.signal?.aborted) return task;
      task.reject(task.signal.reason);
    }
    return undefined;
  }

  #start(): Thread<Request, Result> | null {
    if (this.#closed || this.#threads.size >= this.size) return null;
    const thread = new Thread<Request, Result>(
      this.#options,
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

/** One worker and the request that it has. */
class Thread<Request, Result> {
  readonly #worker: Worker;
  readonly #pack: WorkerPoolOptions<Request>['pack'];
  #task: Task<Request, Result> | null = null;

  /**
   * @param onIdle called when the thread has answered
   * @param onEnd called when the thread has ended
   */
  constructor({ worker: file, work, pack }: WorkerPoolOptions<Request>, onIdle: () => void, onEnd: () => void) {
    const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
    this.#worker = worker;
    this.#pack = pack;
    // An idle thread does not keep the process alive.
    worker.unref();
    worker.on('message', (answer: Answer<Result>) => {
      worker.unref();
      const task = this.#finish();
      if ('result' in answer) task?.resolve(answer.result);
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
      this.#finish()?.reject(new Error(`A ${work} thread ended with code ${code}.`));
      onEnd();
    });
  }

  /** @throws the error of packing the request; the thread stays idle. */
  run(task: Task<Request, Result>): void {
    const { message, transfer } = this.#pack(task.request);
    this.#worker.postMessage(message, transfer);
    this.#worker.ref();
    this.#task = task;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #finish(): Task<Request, Result> | null {
    const task = this.#task;
    this.#task = null;
    return task;
  }
}
