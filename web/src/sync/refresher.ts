/** Repeats work that updates something: one run at a time, another one if something changed meanwhile, and retries after a failure. */

/** Waits after failures, milliseconds; the last one is used for all later failures. */
const WAITS_MS = [5000, 15_000, 60_000];

export interface RefresherOptions {
  readonly work: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

export class Refresher {
  readonly #options: RefresherOptions;
  #running: Promise<void> | null = null;
  /** Whether something has changed since the current run began. */
  #isDue = false;
  #endWait: () => void = () => undefined;

  constructor(options: RefresherOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => {
      this.#endWait();
    });
  }

  /** Call it when something has changed, or when work that failed may succeed. Never rejects; resolves when all is up to date, or ended. */
  refresh(): Promise<void> {
    this.#isDue = true;
    this.#endWait();
    this.#running ??= this.#workWhileDue();
    return this.#running;
  }

  /** Resolves when the current run has ended. */
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
