/**
 * Whether the lengths of a `.bin` recording lead from frame to frame. This is the only proof of framing that does not depend on
 * the content.
 */
import type { FrameBytes } from './frameBytes.ts';

/** How far a chain must lead before its first frame is accepted: this many bytes, and this many times its largest frame. */
const PROOF_BYTES = 32 * 1024;
const PROOF_FRAMES = 8;

/**
 * The chain of lengths from the reader's position. It holds if it leads far enough, or exactly to the end. So a recording whose
 * chain leads from its first byte to its last is intact, whatever the sizes of its frames. Every offset is visited a constant
 * number of times, because the offsets from which the chain breaks are remembered.
 */
export class FrameChain {
  readonly #bytes: FrameBytes;
  #front = 0;
  /** How many bytes it must lead on. */
  #needed = PROOF_BYTES;
  #broken = false;
  /** The offsets from which the chain breaks, and the last place where it breaks. */
  #doomed = new Set<number>();
  #doomedTo = 0;

  constructor(bytes: FrameBytes) {
    this.#bytes = bytes;
  }

  /** The offset up to which the chain was followed: the place where it breaks, if it does. */
  get front(): number {
    return this.#front;
  }

  /** Starts a new chain at an offset to which the old chain may not lead. */
  restart(offset: number): void {
    this.#front = offset;
    this.#needed = PROOF_BYTES;
    this.#broken = false;
  }

  /**
   * @param position an offset on the chain, not before the one of an earlier call. @returns `unknown` if more bytes are needed
   */
  from(position: number): 'holds' | 'breaks' | 'unknown' {
    while (!this.#broken && this.#front - position < this.#needed) {
      const next = this.#doomed.has(this.#front) ? 'bad_length' : this.#bytes.next(this.#front);
      if (typeof next === 'number') this.#step(next);
      else if (next !== 'bad_length' && !this.#bytes.ended) return 'unknown';
      else if (next === 'end') return 'holds';
      else this.#break(position);
    }
    return this.#broken ? 'breaks' : 'holds';
  }

  #step(next: number): void {
    this.#needed = Math.max(this.#needed, PROOF_FRAMES * (next - this.#front));
    this.#front = next;
  }

  #break(position: number): void {
    this.#broken = true;
    if (position > this.#doomedTo) this.#doomed.clear();
    this.#doomedTo = Math.max(this.#doomedTo, this.#front);
    for (let at: number | string = position; typeof at === 'number' && at <= this.#front; at = this.#bytes.next(at)) {
      if (this.#doomed.has(at)) break;
      this.#doomed.add(at);
    }
  }
}
