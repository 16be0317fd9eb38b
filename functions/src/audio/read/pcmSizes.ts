/** Which sizes PCM frames have around a damaged place. Their content proves nothing, so their sizes must. */

/** How many accepted frames are remembered. */
const REMEMBERED = 64;
/** With fewer sizes than this it is not known whether a recording is regular. */
const ENOUGH = 8;
/** A recording is regular if one size has at least this share of all. */
const REGULAR_SHARE = 0.75;
/** How many frames must fit together before reading continues after a loss, if all sizes are equal, and if they vary. */
const REGULAR_CHAIN = 3;
const VARYING_CHAIN = 8;
/** By which factor the size of a frame may lie outside the range of ordinary sizes. */
const TOLERANCE = 1.5;
/** The factor around the size in the name, while nothing else is known. */
const UNKNOWN_RANGE = 16;

/**
 * The sizes are used only after damage. If nearly all frames have one size, a frame fits by that size, and three in a row are
 * enough: in random bytes they occur by chance at one of 2^48 places. If sizes vary, a frame fits by their range, and more
 * frames are needed.
 */
export class PcmSizes {
  readonly #nominal: number;
  #recent: number[] = [];
  #low: number;
  #high: number;
  #chain = REGULAR_CHAIN;
  #known = true;

  /** @param nominal bytes of a frame, as the name of the recording states */
  constructor(nominal: number) {
    this.#nominal = nominal;
    this.#low = nominal;
    this.#high = nominal;
  }

  /** How many frames in a row prove that reading may continue at a place. */
  get chain(): number {
    return this.#chain;
  }

  /** Whether there were enough frames to judge others. */
  get isKnown(): boolean {
    return this.#known;
  }

  /** The ordinary size; null if sizes vary. */
  get usual(): number | null {
    return this.#low === this.#high ? this.#low : null;
  }

  fits(bytes: number): boolean {
    return bytes >= this.#low && bytes <= this.#high;
  }

  /** Remembers the size of an accepted frame. */
  add(bytes: number): void {
    this.#recent.push(bytes);
    if (this.#recent.length >= 2 * REMEMBERED) this.#recent = this.#recent.slice(-REMEMBERED);
  }

  /** Learns the ordinary sizes before a damaged place. @param ahead the sizes on the chain that breaks at that place */
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
      // The chain may have led through a few false frames behind the damage, so the extreme sizes are left out.
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

/** @param sizes in ascending order */
function mostFrequent(sizes: readonly number[]): { readonly size: number; readonly count: number } | null {
  let most: { size: number; count: number } | null = null;
  let count = 0;
  for (const [i, size] of sizes.entries()) {
    count = size === sizes[i - 1] ? count + 1 : 1;
    if (most === null || count > most.count) most = { size, count };
  }
  return most;
}
