/** A match before its text is read. */
export interface Found {
  readonly conversationId: string;
  /** Index of the sentence in the conversation. */
  readonly index: number;
  readonly second: number;
}

/** The newest matches, however many there are. */
export class Newest {
  readonly #limit: number;
  #found: Found[] = [];
  /** Older matches are no longer among the newest. */
  #oldest = Number.NEGATIVE_INFINITY;
  total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(second: number, conversationId: string, index: number): void {
    this.total++;
    if (second <= this.#oldest) return;
    this.#found.push({ second, conversationId, index });
    if (this.#found.length >= this.#limit * 4) this.#cut();
  }

  /** Whether there are enough newer matches, so that one of this time would not be shown. */
  isFull(second: number): boolean {
    if (this.#found.length > this.#limit) this.#cut();
    return second <= this.#oldest;
  }

  /** In order. */
  get found(): readonly Found[] {
    this.#cut();
    return this.#found;
  }

  #cut(): void {
    this.#found.sort(
      (a, b) => b.second - a.second || (a.conversationId < b.conversationId ? -1 : 1) || a.index - b.index,
    );
    this.#found = this.#found.slice(0, this.#limit);
    if (this.#found.length === this.#limit) this.#oldest = this.#found.at(-1)?.second ?? this.#oldest;
  }
}
