/** Waiting that can be ended, with the means that every platform has (React Native has no AbortSignal.any or .timeout). */

/** Time and chance, so that tests need neither. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after so long, or when the signal aborts, whichever is first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest that setTimeout can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    }),
};

/** A controller that aborts with another signal. `unlink` when done, or the other signal remembers it for ever. */
export function linkedController(signal: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  return {
    controller,
    unlink: () => {
      signal.removeEventListener('abort', abort);
    },
  };
}

/** Lets whoever waits go on before its time. */
export class Waker {
  #woken = false;
  #sleeping: AbortController | null = null;

  wake(): void {
    this.#woken = true;
    this.#sleeping?.abort();
  }

  /** Until so long has passed, somebody wakes it (also before it began to wait), or the signal aborts. */
  async wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.#woken && !signal.aborted && ms > 0) {
      const { controller, unlink } = linkedController(signal);
      this.#sleeping = controller;
      await clock.sleep(ms, controller.signal);
      this.#sleeping = null;
      unlink();
    }
    this.#woken = false;
  }
}

/** One after another, in the order of calling. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
