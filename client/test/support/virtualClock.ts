/** Time that passes only while nothing else is pending. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/time.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  /** Milliseconds that have passed. */
  #passed = 0;
  /** The wall clock minus the time that has passed. It changes when the clock is set. */
  #wallStart: number;
  readonly #timers = new Set<Timer>();
  /** Pending operations that are not timers: of a store, of a server. */
  #underWay = 0;

  constructor(startMs = Date.UTC(2026, 0, 5, 9)) {
    this.#wallStart = startMs;
  }

  now(): number {
    return this.#wallStart + this.#passed;
  }

  monotonic(): number {
    return this.#passed;
  }

  /** Sets the wall clock forward or back, milliseconds. */
  jump(ms: number): void {
    this.#wallStart += ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#timers.delete(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = { at: this.#passed + ms, fire: done };
      this.#timers.add(timer);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  /** Time stands still while this runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Resolves when nothing more happens without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await turn();
      quiet = this.#underWay === 0 ? quiet + 1 : 0;
    }
  }

  /** Advances to the next timer. @returns false if there is none before `latest` */
  async step(latest = Infinity): Promise<boolean> {
    await this.settle();
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (next === undefined || next.at > latest || next.at === Infinity) return false;
    this.#passed = Math.max(this.#passed, next.at);
    next.fire();
    await this.settle();
    return true;
  }

  /** Lets this much time pass, milliseconds. */
  async advance(ms: number): Promise<void> {
    const until = this.#passed + ms;
    while (await this.step(until));
    this.#passed = until;
    await this.settle();
  }

  /** @returns whether the condition became true within this time */
  async until(isSo: () => boolean, limitMs: number): Promise<boolean> {
    const latest = this.#passed + limitMs;
    await this.settle();
    while (!isSo()) if (!(await this.step(latest))) return isSo();
    return true;
  }
}
