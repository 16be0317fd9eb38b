/**
 * Where samples begin in PCM of several bytes a sample. Behind bytes that are missing or too many, every sample is put together of two, and
 * speech sounds as loud noise, or as silence. Read from the right byte on, sound is smooth again: that shows it, and where to go on. Where
 * samples are wider than what was recorded, as 16 bits in a float are, some of their bytes are always zero, which shows it, too.
 */
import { BYTES, isBigEndian, WIDE } from './pcmSamples.ts';
import type { Encoding } from './pcmSamples.ts';

/** Samples that are judged together. */
const WINDOW = 1024;

/** How much smoother another beginning must be, and how smooth in itself; noise has a share of 1.2 and more. */
const TIMES_SMOOTHER = 4;
const SMOOTH_SHARE = 0.6;
const ROUGH_SHARE = 1;
/** So much smoother it may be noise, too: of what is quiet. */
const TIMES_QUIETER = 50;

/** Windows with sound that show which bytes of a sample are always zero. */
const LEARNING_WINDOWS = 8;

interface Roughness {
  /** By how much neighbouring samples differ, on average; of 32,768. */
  readonly step: number;
  /** The same as a share of what samples differ from their mean. */
  readonly share: number;
  /** Whether all samples have the same high byte: they are made of bytes that are always zero. */
  readonly isFlat: boolean;
}

export class SampleGrid {
  readonly #width: number;
  readonly #stride: number;
  /** Where in a sample its two highest bytes are, and how they are read. */
  readonly #highAt: number;
  readonly #highOf: (bytes: Buffer, at: number) => number;
  /** Whether sound that is read from a wrong byte on is rough: of floats it may be anything. */
  readonly #isRough: boolean;
  /** Of its bytes, and of those that are always zero. */
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

  /** Bytes to pass over before the first sample of a window. */
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

  /** The same by the bytes that are always zero; null where they do not tell. */
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

  /** Of the first channel, by the two highest bytes of its samples. */
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
