/** Samples of PCM that frames cut in two. Packets of an odd size do that to a stream of bytes. */

/** Samples at which a joint is judged. */
const JUDGED = 200;

/**
 * Puts a sample's first bytes, which end one frame, before the rest of it in the next. Whether they belong there is seen by the sound: read
 * from a wrong byte on, it is noise. Where that tells nothing, as in silence or between two channels, it is as it was at the joint before.
 */
export class SplitSamples {
  readonly #stride: number;
  readonly #isWide: boolean;
  #rest = new Uint8Array(0);
  #isSplit = true;

  /** @param stride bytes of one sample of all channels @param isWide whether samples have 16 bits */
  constructor(stride: number, isWide: boolean) {
    this.#stride = stride;
    this.#isWide = isWide;
  }

  /** @returns the whole samples up to the end of a frame */
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

  /** Whether the rest of a sample is missing. */
  get isOpen(): boolean {
    return this.#rest.length > 0;
  }

  /** What follows does not go on where the last frame ended. */
  reset(): void {
    this.#rest = new Uint8Array(0);
  }

  #judge(joined: Uint8Array, payload: Uint8Array): void {
    const [split, whole] = [this.#roughness(joined), this.#roughness(payload)];
    if (2 * split < whole) this.#isSplit = true;
    if (2 * whole < split) this.#isSplit = false;
  }

  /** By how much neighbouring samples of the first channel differ, on average. */
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
