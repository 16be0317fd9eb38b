/** The part of the Web Locks API that this library uses: exclusive locks, `ifAvailable`, `steal` and a signal. */
type Granted = (lock: Lock | null) => Promise<void> | undefined;

interface Held {
  readonly taken: (error: Error) => void;
}

export class FakeLocks {
  readonly #held = new Map<string, Held>();
  readonly #waiting = new Map<string, (() => void)[]>();

  request(name: string, options: LockOptions, granted: Granted): Promise<void> {
    const { ifAvailable = false, steal = false, signal } = options;
    if (steal) this.steal(name);
    if (!this.#held.has(name)) return this.#grant(name, granted);
    if (ifAvailable) return Promise.resolve(granted(null));
    return new Promise((resolve, reject) => {
      const go = (): void => {
        resolve(this.#grant(name, granted));
      };
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), go]);
      signal?.addEventListener('abort', () => {
        this.#waiting.set(
          name,
          (this.#waiting.get(name) ?? []).filter((other) => other !== go),
        );
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  /** Takes a lock from the tab that has it. */
  steal(name: string): void {
    const held = this.#held.get(name);
    this.#held.delete(name);
    held?.taken(new DOMException('stolen', 'AbortError'));
  }

  async #grant(name: string, granted: Granted): Promise<void> {
    let held: Held | undefined;
    const taken = new Promise<void>((_, reject) => {
      held = { taken: reject };
      this.#held.set(name, held);
    });
    try {
      await Promise.race([Promise.resolve(granted({ name, mode: 'exclusive' })), taken]);
    } finally {
      if (this.#held.get(name) === held) {
        this.#held.delete(name);
        this.#waiting.get(name)?.shift()?.();
      }
    }
  }
}
