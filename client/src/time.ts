/** Durations and waits that can be ended. Uses only what every platform has: React Native has no AbortSignal.any or .timeout. */
import { SyncError } from './errors.ts';

/** Time as a device knows it. Tests pass a clock of their own. */
export interface Clock {
  /** Unix milliseconds. People and networks set this clock, forward and back: use it for points in time, never for durations. */
  now(): number;
  /** Milliseconds since some fixed moment. It cannot be set, but it may stand still while the device sleeps. */
  monotonic(): number;
  /** Resolves after this time, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest that setTimeout can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
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

/**
 * Measures how long something has lasted. The longer of the two clocks counts: the wall clock may be set back, and the monotonic
 * clock may stand still during sleep. A wall clock that jumps forward ends a wait early, which costs one request.
 */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #wallStart: number;
  readonly #monotonicStart: number;

  /** @param wallStart when it began, if that was before this process: Unix milliseconds. */
  constructor(clock: Clock, wallStart: number = clock.now()) {
    this.#clock = clock;
    this.#wallStart = wallStart;
    this.#monotonicStart = clock.monotonic();
  }

  /** Milliseconds, never negative. */
  get elapsedMs(): number {
    return Math.max(this.#clock.now() - this.#wallStart, this.#clock.monotonic() - this.#monotonicStart);
  }
}

/** A moment to wait for. A wall clock that is set back does not delay it. */
export class Deadline {
  /** The moment, Unix milliseconds, if no clock is set meanwhile. For people. */
  readonly at: number;
  readonly #lengthMs: number;
  readonly #stopwatch: Stopwatch;

  constructor(clock: Clock, lengthMs: number) {
    this.at = clock.now() + lengthMs;
    this.#lengthMs = lengthMs;
    this.#stopwatch = new Stopwatch(clock);
  }

  /** Milliseconds, 0 once it has passed. */
  get remainingMs(): number {
    return Math.max(0, this.#lengthMs - this.#stopwatch.elapsedMs);
  }
}

/** Thrown by {@link within}. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * Waits for a promise with a time limit, because a promise of an app or a platform may never settle. The work itself continues.
 * @throws TimeLimitError after `limitMs`; {@link stopped} once the signal aborts; the error of the work.
 */
export async function within<T>(work: Promise<T>, limitMs: number, clock: Clock, signal: AbortSignal): Promise<T> {
  const { controller, unlink } = linkedController(signal);
  const limit = clock.sleep(limitMs, controller.signal).then((): never => {
    if (signal.aborted) throw stopped();
    throw new TimeLimitError(`There was no answer within ${Math.round(limitMs / 1000)} s.`);
  });
  // Once the work has settled, no caller waits for the limit.
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    controller.abort();
    unlink();
  }
}

/**
 * The error that is thrown after a signal has aborted. This library never reads `signal.reason`, because React Native's polyfill of
 * AbortController drops it.
 */
export function stopped(): SyncError {
  return new SyncError('disposed');
}

/** A controller that aborts with another signal. Call `unlink` when done; otherwise the other signal keeps it for ever. */
export function linkedController(signal: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
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

/** A wait that can be ended early. */
export class Waker {
  #woken = false;
  #sleeping: AbortController | null = null;

  wake(): void {
    this.#woken = true;
    this.#sleeping?.abort();
  }

  /** Waits until the time has passed, it is woken (even before it began to wait), or the signal aborts. */
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

/** Runs work one after another, in the order of calls. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
