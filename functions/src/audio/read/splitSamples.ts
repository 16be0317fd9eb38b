/** Joins samples of PCM that frames cut in two. Packets of an odd size cut a stream of bytes in this way. */

/** How many samples are compared to judge a joint. */
const JUDGED = 200;

/**
 * A frame may end with the first bytes of a sample, and the next frame begin with its last bytes. Both are joined if the sound
 * shows that they belong together: samples that are read from the wrong byte are noise. If the sound shows nothing, as in
 * silence or between two similar channels, the decision at the joint before is kept.
 */
export class SplitSamples {
  readonly #stride: number;
  readonly #isWide: boolean;
  #rest = new Uint8Array(0);
  #isSplit = true;

  /**
   * @param stride bytes of one sample of all channels
   * @param isWide whether samples have 16 bits
   */
  constructor(stride: number, isWide: boolean) {
    this.#stride = stride;
    this.#isWide = isWide;
  }

  /** @param payload the content of the next frame. @returns the whole samples up to its end */
  push(payload: Uint8Array): Uint8Array {
    const rest = this.#rest;
    if (rest.length === 0 && payload.length % this.#stride === 0) return payload;
    const joined = rest.length === 0 ? payload : Buffer.concat([rest, payload]);
    if (rest.length > 0) this.#judge(joined, payload);
    const whole = this.#isSplit ? joined : payload;
    const end = whole.length - (whole.length % this.#stride);
    this.#rest = whole.slice(end);
    return whole.subarray(0, end);
  }

  /** Whether the last sample is incomplete. */
  get isOpen(): boolean {
    return this.#rest.length > 0;
  }

  /** Forgets an incomplete sample: the next frame does not continue the last one. */
  reset(): void {
    this.#rest = new Uint8Array(0);
  }

  #judge(joined: Uint8Array, payload: Uint8Array): void {
    const [split, whole] = [this.#roughness(joined), this.#roughness(payload)];
    if (2 * split < whole) this.#isSplit = true;
    if (2 * whole < split) this.#isSplit = false;
  }

  /** The mean difference of neighbouring samples of the first channel. */
  #roughness(bytes: Uint8Array): number {
    const count = Math.min(JUDGED, Math.floor(bytes.length / this.#stride));
    let sum = 0;
    for (let i = 1; i < count; i++) sum += Math.abs(this.#sampleAt(bytes, i) - this.#sampleAt(bytes, i - 1));
    return count < 2 ? 0 : sum / (count - 1);
  }

  #sampleAt(bytes: Uint8Array, index: number): number {
    const at = index * this.#stride;
    if (!this.#isWide) return bytes[at] ?? 0;
    return (((bytes[at + 1] ?? 0) << 24) >> 16) | (bytes[at] ?? 0);
  }
}
