/** Keeps a sum of voices from clipping, without turning down what does not clip. */

/**
 * How far the gain returns to 1 within a block of 10 ms, as a share of the difference. Half of it takes 0.7 s, too slow to be
 * audible.
 */
const RELEASE = 0.01;

/** A limiter for a stream of samples. */
export class Limiter {
  readonly #blockSamples: number;
  #gain = 1;

  /** @param blockSamples the gain changes once in so many samples: those of 10 ms */
  constructor(blockSamples: number) {
    this.#blockSamples = blockSamples;
  }

  /** @returns as many samples, in [-1, 1] */
  push(pcm: Float32Array): Float32Array {
    const limited = pcm.slice();
    for (let start = 0; start < limited.length; start += this.#blockSamples) {
      const block = limited.subarray(start, start + this.#blockSamples);
      const peak = block.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.#gain = Math.min(1 / Math.max(1, peak), this.#gain + RELEASE * (1 - this.#gain));
      for (let i = 0; i < block.length; i++) block[i] = (block[i] ?? 0) * this.#gain;
    }
    return limited;
  }
}
