/** Whether the lengths of a `.bin` recording lead on: the one proof of framing that needs no knowledge of the content. */
import type { FrameLook } from './frameLook.ts';

/** How far a chain must lead on before its first frame is given out: this far, and for some frames of the largest size on it. */
const PROOF_BYTES = 32 * 1024;
const PROOF_FRAMES = 8;

/**
 * The chain of lengths from the reader's position. It holds where it leads on for long enough, or exactly to the end. So a
 * recording whose chain leads from its first byte to its last is intact, whatever the sizes of its frames. Every offset is
 * walked a constant number of times: one from which the chain breaks is remembered.
 */
export class FrameChain {
  readonly #look: FrameLook;
  #front = 0;
  /** Bytes that it must lead on. */
  #needed = PROOF_BYTES;
  #broken = false;
  /** Offsets from which the chain breaks, and the last of these breaks. */
  #doomed = new Set<number>();
  #doomedTo = 0;

  constructor(look: FrameLook) {
    this.#look = look;
  }

  /** As far as the chain was followed; the place where it breaks, if it does. */
  get front(): number {
    return this.#front;
  }

  /** The chain starts anew, at an offset that the old one may not lead to. */
  restart(offset: number): void {
    this.#front = offset;
    this.#needed = PROOF_BYTES;
    this.#broken = false;
  }

  /** @param position on the chain, not before an earlier one. `unknown`: more bytes are needed. */
  from(position: number): 'holds' | 'breaks' | 'unknown' {
    while (!this.#broken && this.#front - position < this.#needed) {
      const next = this.#doomed.has(this.#front) ? 'bad_length' : this.#look.next(this.#front);
      if (typeof next === 'number') this.#step(next);
      else if (next !== 'bad_length' && !this.#look.ended) return 'unknown';
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
    for (let at: number | string = position; typeof at === 'number' && at <= this.#front; at = this.#look.next(at)) {
      if (this.#doomed.has(at)) break;
      this.#doomed.add(at);
    }
  }
}
