/**
 * Finds where samples begin in PCM with several bytes for each sample. Behind missing or extra bytes, every sample consists of
 * parts of two, so speech becomes loud noise, or silence. If it is read from the right byte on, the sound is smooth again: that
 * shows the damage, and where to continue. If samples are wider than what was recorded, as 16 bits stored in a float, some of
 * their bytes are always zero, which also shows it.
 */
import { BYTES, isBigEndian, WIDE } from './pcmSamples.ts';
import type { Encoding } from './pcmSamples.ts';

/** How many samples are judged together. */
const WINDOW = 1024;

/**
 * The samples are taken from another byte on only if the sound is then this many times smoother, and smooth by itself. The share is the mean step between
 * neighbours, divided by the mean deviation: below `SMOOTH_SHARE` the sound is smooth, from `ROUGH_SHARE` on it is rough. Noise
 * has a share of 1.2 and more.
 */
const TIMES_SMOOTHER = 4;
const SMOOTH_SHARE = 0.6;
const ROUGH_SHARE = 1;
/** If the sound is this many times smoother, it need not be smooth by itself: quiet recordings may contain only noise. */
const TIMES_QUIETER = 50;

/** From so many windows with sound it is learned which bytes of a sample are always zero. */
const LEARNING_WINDOWS = 8;

interface Roughness {
  /** The mean difference of neighbouring samples, on a scale of 32,768. */
  readonly step: number;
  /** The same, divided by the mean deviation of the samples from their mean. */
  readonly share: number;
  /** Whether all samples have the same high byte: they consist of bytes that are always zero. */
  readonly isFlat: boolean;
}

export class SampleGrid {
  readonly #width: number;
  readonly #stride: number;
  /** Where the two highest bytes of a sample are, and how they are read. */
  readonly #highAt: number;
  readonly #highOf: (bytes: Buffer, at: number) => number;
  /** Whether the encoding becomes rough if it is read from a wrong byte on. Floats may become anything. */
  readonly #isRough: boolean;
  /** The positions of all bytes of a sample, and of those that are always zero so far. */
  readonly #positions: readonly number[];
  #padding: readonly number[];
  #learned = 0;
  #held = Buffer.alloc(0);

  /** @param stride bytes of one sample of all channels */
  constructor(encoding: Encoding, stride: number) {
    this.#width = BYTES[encoding];
    this.#stride = stride;
    this.#isRough = WIDE.includes(encoding);
    this.#positions = Array.from({ length: this.#width }, (_, at) => at);
    this.#padding = this.#positions;
    this.#highAt = isBigEndian(encoding) ? 0 : this.#width - 2;
    this.#highOf = isBigEndian(encoding) ? (bytes, at) => bytes.readInt16BE(at) : (bytes, at) => bytes.readInt16LE(at);
  }

  /** @returns whole samples */
  push(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#held, bytes]);
    const windowBytes = WINDOW * this.#stride;
    const windows: Buffer[] = [];
    let at = 0;
    while (at + windowBytes + this.#width <= all.length) {
      at += this.#slipOf(all.subarray(at, at + windowBytes + this.#width));
      windows.push(all.subarray(at, at + windowBytes));
      at += windowBytes;
    }
    this.#held = all.subarray(at);
    return Buffer.concat(windows);
  }

  /** The rest. */
  end(): Buffer {
    return this.#held;
  }

  /** How many bytes to skip before the first sample of a window. */
  #slipOf(window: Buffer): number {
    const padded = this.#paddedSlip(window);
    if (padded !== null || !this.#isRough) return padded ?? 0;
    const here = this.#roughness(window, 0);
    if (here.share < ROUGH_SHARE) return 0;
    for (let slip = 1; slip < this.#width; slip++) {
      const other = this.#roughness(window, slip);
      const isSmooth = here.step > TIMES_SMOOTHER * other.step && other.share < SMOOTH_SHARE;
      const isQuiet = here.step > TIMES_QUIETER * other.step;
      if ((isSmooth || isQuiet) && !other.isFlat) return slip;
    }
    return 0;
  }

  /** The same, by the bytes that are always zero; null if they show nothing. */
  #paddedSlip(window: Buffer): number | null {
    const isPaddingAt = (slip: number): boolean => this.#padding.every((at) => this.#isZero(window, slip + at));
    if (this.#learned < LEARNING_WINDOWS) {
      const zeros = this.#positions.filter((at) => this.#isZero(window, at));
      if (zeros.length === this.#width) return null; // no sound
      this.#padding = this.#padding.filter((at) => zeros.includes(at));
      this.#learned++;
      return null;
    }
    return this.#padding.length === 0 ? null : (this.#positions.find(isPaddingAt) ?? null);
  }

  #isZero(window: Buffer, at: number): boolean {
    for (let i = 0; i < WINDOW; i++) if (window[at + i * this.#stride] !== 0) return false;
    return true;
  }

  /** The roughness of the first channel, by the two highest bytes of its samples. */
  #roughness(window: Buffer, slip: number): Roughness {
    const first = slip + this.#highAt;
    let sum = 0;
    for (let i = 0; i < WINDOW; i++) sum += this.#highOf(window, first + i * this.#stride);
    const mean = sum / WINDOW;
    let steps = 0;
    let spread = 0;
    let isFlat = true;
    let previous = this.#highOf(window, first);
    const high = previous >> 8;
    for (let i = 0; i < WINDOW; i++) {
      const sample = this.#highOf(window, first + i * this.#stride);
      steps += Math.abs(sample - previous);
      spread += Math.abs(sample - mean);
      isFlat &&= sample >> 8 === high;
      previous = sample;
    }
    return { step: steps / WINDOW, share: spread === 0 ? 0 : steps / spread, isFlat };
  }
}
