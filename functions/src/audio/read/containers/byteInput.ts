/** How many bytes {@link ByteInput.rest} returns at a time. */
const PIECE_BYTES = 64 * 1024;

/** Reads a stream in pieces of the requested lengths. */
export class ByteInput {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #held = Buffer.alloc(0);
  #ended = false;
  /** How many bytes were read. */
  position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The next bytes, without reading them; fewer at the end. */
  async peek(length: number): Promise<Uint8Array> {
    const parts = [this.#held];
    for (let held = this.#held.length; held < length && !this.#ended;) {
      const next = await this.#iterator.next();
      if (next.done) this.#ended = true;
      else parts.push(Buffer.from(next.value));
      held += next.done ? 0 : next.value.length;
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts);
    return this.#held.subarray(0, length);
  }

  /** Reads the next bytes; fewer at the end. */
  async read(length: number): Promise<Uint8Array> {
    const taken = await this.peek(length);
    this.#held = this.#held.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  /** Reads all remaining bytes. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = await this.read(PIECE_BYTES);
      if (piece.length === 0) return;
      yield piece;
    }
  }
}
