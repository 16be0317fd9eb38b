/** The part of a byte stream that a parser still looks at, addressed by offsets from the start of the stream. */

const BLOCK_BYTES = 64 * 1024;

/**
 * Appends copy, so the caller may reuse its buffer. Bytes that were handed out are never written again: a view stays
 * valid for as long as it is referenced. Every byte is copied a small constant number of times however the stream is cut.
 */
export class ByteWindow {
  #block = new Uint8Array(0);
  /** Stream offset of `#block[0]`. */
  #base = 0;
  #start = 0;
  #end = 0;

  /** Offset just after the last byte appended. */
  get end(): number {
    return this.#end;
  }

  append(bytes: Uint8Array): void {
    if (this.#end - this.#base + bytes.length > this.#block.length) this.#moveTo(bytes.length);
    this.#block.set(bytes, this.#end - this.#base);
    this.#end += bytes.length;
  }

  /** Everything before `offset` is not needed any more. */
  discardBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.#end));
  }

  /** The 32-bit little-endian unsigned number at `offset`; all four bytes must be here. */
  uint32(offset: number): number {
    const at = offset - this.#base;
    const block = this.#block;
    return (
      ((block[at] ?? 0) | ((block[at + 1] ?? 0) << 8) | ((block[at + 2] ?? 0) << 16) | ((block[at + 3] ?? 0) << 24)) >>>
      0
    );
  }

  /** Offset of the next `byte` at or after `from`; where there is none yet, the first offset that is still to come. */
  find(byte: number, from: number): number {
    if (from >= this.#end || this.#block[from - this.#base] === byte) return from;
    const found = this.view(from, this.#end).indexOf(byte);
    return found < 0 ? this.#end : from + found;
  }

  /** Offset of the next byte other than `byte` at or after `from`; where there is none yet, the first one that is to come. */
  findOther(byte: number, from: number): number {
    let at = from - this.#base;
    const end = this.#end - this.#base;
    while (at < end && this.#block[at] === byte) at++;
    return this.#base + at;
  }

  view(from: number, to: number): Uint8Array {
    return this.#block.subarray(from - this.#base, to - this.#base);
  }

  /** Moves what is kept to a new block: views into the old one stay as they are. */
  #moveTo(incoming: number): void {
    const kept = this.view(this.#start, this.#end);
    // Room for as much again as is kept: moving is paid for by the bytes appended since the last move.
    this.#block = new Uint8Array(Math.max(BLOCK_BYTES, 2 * kept.length + incoming));
    this.#block.set(kept);
    this.#base = this.#start;
  }
}
