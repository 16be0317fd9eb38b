/** Virtual time: a binary heap of events by their time. */
interface Event {
  readonly atS: number;
  /** Events at the same time run in the order in which they were added. */
  readonly number: number;
  readonly happen: () => void;
}

export class EventQueue {
  readonly #heap: Event[] = [];
  #count = 0;
  /** The virtual time, seconds. */
  nowS = 0;

  at(atS: number, happen: () => void): void {
    this.#heap.push({ atS, number: this.#count++, happen });
    this.#rise(this.#heap.length - 1);
  }

  /** Runs events until there are none left. */
  run(): void {
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      this.nowS = event.atS;
      event.happen();
    }
  }

  #take(): Event | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#heap[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(index: number): void {
    for (let at = index; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return false;
    return first.atS < second.atS || (first.atS === second.atS && first.number < second.number);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
