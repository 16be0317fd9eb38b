/** Limits the time without output of a stream. Time in which the reader does not ask for more does not count. */
export class StallWatch {
  hasStalled = false;
  readonly message: string;
  readonly #ms: number;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onStall: () => void) {
    this.#ms = ms;
    this.#onStall = onStall;
    this.message = `The recording cannot be decoded: nothing came of it within ${ms / 1000} seconds.`;
  }

  async *watched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    this.#start();
    for await (const piece of source) {
      clearTimeout(this.#timer);
      yield piece;
      this.#start();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.hasStalled = true;
      this.#onStall();
    }, this.#ms);
  }
}
