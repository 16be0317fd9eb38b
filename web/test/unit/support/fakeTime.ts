/** Both clocks and all timers, controlled by the test. */
import { mock } from 'node:test';

export class FakeTime {
  readonly #realNow = performance.now.bind(performance);
  #monotonic = 0;

  /** @param startedAt Unix milliseconds */
  constructor(startedAt: number) {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: startedAt });
    performance.now = () => this.#monotonic;
  }

  /** Time passes, and all that it causes is done. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 20) {
      const step = Math.min(20, left);
      this.#monotonic += step;
      mock.timers.tick(step);
      await settled();
    }
  }

  /** Time passes without a turn of the event loop. */
  pass(ms: number): void {
    this.#monotonic += ms;
    mock.timers.tick(ms);
  }

  /** Time passes, and no timer fires: in the background, a device that saves its battery fires them once a minute or less. */
  passWithoutTimers(ms: number): void {
    this.#monotonic += ms;
    mock.timers.setTime(Date.now() + ms);
  }

  /** Sets the wall clock. */
  set(ms: number): void {
    mock.timers.setTime(ms);
  }

  end(): void {
    performance.now = this.#realNow;
    mock.timers.reset();
  }
}

/** Resolves when pending work is done: the fakes take no time, only turns of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
