/** The part of a byte stream that a parser still needs. It is addressed by offsets from the start of the stream. */

const BLOCK_BYTES = 64 * 1024;

/**
 * `append` copies, so the caller may reuse its buffer. Bytes that were handed out are never overwritten: a view stays valid as
 * long as it is referenced. Every byte is copied a small constant number of times, however the stream is divided.
 */
export class ByteWindow {
  #block = new Uint8Array(0);
  /** Stream offset of `#block[0]`. */
  #base = 0;
  #start = 0;
  #end = 0;

  /** The offset behind the last byte. */
  get end(): number {
    return this.#end;
  }

  append(bytes: Uint8Array): void {
    if (this.#end - this.#base + bytes.length > this.#block.length) this.#moveTo(bytes.length);
    this.#block.set(bytes, this.#end - this.#base);
    this.#end += bytes.length;
  }

  /** Drops the bytes before `offset`. */
  discardBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.#end));
  }

  /** The 32-bit little-endian unsigned number at `offset`. All four bytes of it must have arrived. */
  uint32(offset: number): number {
    const at = offset - this.#base;
    const block = this.#block;
    return (
      ((block[at] ?? 0) | ((block[at + 1] ?? 0) << 8) | ((block[at + 2] ?? 0) << 16) | ((block[at + 3] ?? 0) << 24)) >>>
      0
    );
  }

  /**
   * The offset of the next `byte` at or after `from`. If there is none yet, the offset of the first byte that has not arrived.
   */
  find(byte: number, from: number): number {
    if (from >= this.#end || this.#block[from - this.#base] === byte) return from;
    const found = this.view(from, this.#end).indexOf(byte);
    return found < 0 ? this.#end : from + found;
  }

  /**
   * The offset of the next byte other than `byte` at or after `from`. If there is none yet, the offset of the first byte that
   * has not arrived.
   */
  findOther(byte: number, from: number): number {
    let at = from - this.#base;
    const end = this.#end - this.#base;
    while (at < end && this.#block[at] === byte) at++;
    return this.#base + at;
  }

  view(from: number, to: number): Uint8Array {
    return this.#block.subarray(from - this.#base, to - this.#base);
  }

  /** Copies the bytes that are still needed to a new block. Views into the old block stay valid. */
  #moveTo(incoming: number): void {
    const kept = this.view(this.#start, this.#end);
    // The new block has room for twice the kept bytes, so that each move is paid for by the bytes appended since the last one.
    this.#block = new Uint8Array(Math.max(BLOCK_BYTES, 2 * kept.length + incoming));
    this.#block.set(kept);
    this.#base = this.#start;
  }
}
