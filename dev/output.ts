/**
 * Shows the output of parallel programs one after the other. The output of the first that has not ended is shown immediately;
 * the others wait for their turn.
 */
export class OrderedOutput {
  readonly #write: (text: string) => void;
  readonly #open: { waiting: string; ended: boolean }[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Adds a program. The order is that of these calls. */
  open(): { write: (text: string) => void; end: () => void } {
    const own = { waiting: '', ended: false };
    this.#open.push(own);
    const update = (change: () => void): void => {
      change();
      this.#show();
    };
    return {
      write: (text) => {
        update(() => (own.waiting += text));
      },
      end: () => {
        update(() => (own.ended = true));
      },
    };
  }

  #show(): void {
    for (let first = this.#open[0]; first !== undefined; first = this.#open[0]) {
      if (first.waiting !== '') this.#write(first.waiting);
      first.waiting = '';
      if (!first.ended) return;
      this.#open.shift();
    }
  }
}
