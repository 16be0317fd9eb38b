/** Work that brings something up to date: done once at a time, again for what changed meanwhile, and again by itself after a failure. */

/** Before what failed is tried again, milliseconds; the last one for every later failure. */
const WAITS_MS = [5000, 15_000, 60_000];

export interface RefresherOptions {
  readonly work: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export class Refresher {
  readonly #options: RefresherOptions;
  #running: Promise<void> | null = null;
  /** Whether something has changed since the work that is going on began. */
  #isDue = false;
  #endWait: () => void = () => undefined;

  constructor(options: RefresherOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => {
      this.#endWait();
    });
  }

  /** Something has changed, or may work now that failed before. Never rejects; resolves when it is up to date, or ended. */
  refresh(): Promise<void> {
    this.#isDue = true;
    this.#endWait();
    this.#running ??= this.#workWhileDue();
    return this.#running;
  }

  /** What is going on has come to its end. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #workWhileDue(): Promise<void> {
    const { work, onFailure, signal } = this.#options;
    const isOver = (): boolean => signal.aborted;
    for (let failures = 0; this.#isDue && !isOver();) {
      this.#isDue = false;
      try {
        await work();
        failures = 0;
      } catch (error) {
        if (isOver()) break;
        onFailure(error);
        await this.#wait(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 0);
        failures += 1;
        this.#isDue = true;
      }
    }
    this.#running = null;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
