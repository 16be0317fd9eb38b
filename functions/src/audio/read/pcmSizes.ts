/** Which sizes PCM frames have around a damaged place: their content proves nothing, so their sizes must. */

/** Frames of accepted audio that are remembered. */
const REMEMBERED = 64;
/** Fewer sizes than this do not tell whether a recording is regular. */
const ENOUGH = 8;
/** The share of one size among all that makes a recording regular. */
const REGULAR_SHARE = 0.75;
/** Frames that must fit together before reading goes on after a loss: where all sizes are equal, and where they vary. */
const REGULAR_CHAIN = 3;
const VARYING_CHAIN = 8;
/** How much a frame may leave the range of ordinary sizes. */
const TOLERANCE = 1.5;
/** The range while nothing is known but the size in the name. */
const UNKNOWN_RANGE = 16;

/**
 * A hint that is used after damage only. Where nearly all frames have one size, a frame fits by that size, and three in a row
 * are enough: chance finds them in 2^48 places of random bytes. Where sizes vary, a frame fits by their range, and more of them are needed.
 */
export class PcmSizes {
  readonly #nominal: number;
  #recent: number[] = [];
  #low: number;
  #high: number;
  #chain = REGULAR_CHAIN;
  #known = true;

  /** @param nominal bytes of a frame as the name of the recording has it. */
  constructor(nominal: number) {
    this.#nominal = nominal;
    this.#low = nominal;
    this.#high = nominal;
  }

  /** Frames in a row that prove a place where reading may go on. */
  get chain(): number {
    return this.#chain;
  }

  /** Whether there were enough frames to judge others by. */
  get isKnown(): boolean {
    return this.#known;
  }

  /** The one ordinary size; null where sizes vary. */
  get usual(): number | null {
    return this.#low === this.#high ? this.#low : null;
  }

  fits(bytes: number): boolean {
    return bytes >= this.#low && bytes <= this.#high;
  }

  /** A frame was accepted. */
  add(bytes: number): void {
    this.#recent.push(bytes);
    if (this.#recent.length >= 2 * REMEMBERED) this.#recent = this.#recent.slice(-REMEMBERED);
  }

  /** Judges by the frames before a damaged place. @param ahead sizes on the chain that breaks at that place. */
  learn(ahead: readonly number[]): void {
    const sizes = [...this.#recent.slice(-REMEMBERED), ...ahead].sort((a, b) => a - b);
    const most = mostFrequent(sizes);
    this.#known = sizes.length >= ENOUGH;
    if (sizes.length < ENOUGH) {
      const asNamed = sizes.every((size) => size === this.#nominal);
      if (sizes.length > 0 && asNamed) this.#set(this.#nominal, this.#nominal, REGULAR_CHAIN);
      else this.#set(this.#nominal / UNKNOWN_RANGE, this.#nominal * UNKNOWN_RANGE, VARYING_CHAIN);
    } else if (most !== null && most.count >= REGULAR_SHARE * sizes.length) {
      this.#set(most.size, most.size, REGULAR_CHAIN);
    } else {
      // Behind the damage the chain may have led through a few frames that are none: the extremes do not count.
      const [low = 0, high = 0] = [0.05, 0.95].map((share) => sizes[Math.floor(share * sizes.length)]);
      this.#set(low / TOLERANCE, high * TOLERANCE, VARYING_CHAIN);
    }
  }

  #set(low: number, high: number, chain: number): void {
    this.#low = low;
    this.#high = high;
    this.#chain = chain;
  }
}

/** @param sizes sorted. */
function mostFrequent(sizes: readonly number[]): { readonly size: number; readonly count: number } | null {
  let most: { size: number; count: number } | null = null;
  let count = 0;
  for (const [i, size] of sizes.entries()) {
    count = size === sizes[i - 1] ? count + 1 : 1;
    if (most === null || count > most.count) most = { size, count };
  }
  return most;
}
