/** Cuts the PCM of a run, as it streams by, into slices that the VAD can judge side by side. */
import { SAMPLE_RATE } from './pcm.ts';
import type { VadSlice } from './vad.ts';
import { WINDOW_SAMPLES } from './vad.ts';

/**
 * Samples of new audio in a slice: 10 s. Silero goes slowly deaf over minutes of one stream, so short slices also hear
 * better: on `dev/samples` one unbroken stream, or slices of 30 s, clipped words that slices of 20 s and less kept whole.
 */
export const SLICE_SAMPLES = Math.round((10 * SAMPLE_RATE) / WINDOW_SAMPLES) * WINDOW_SAMPLES;

/**
 * Samples that a slice repeats from before itself: 1.5 s. With none, the first windows of a slice miss speech; from 1 s on,
 * more makes no difference to what is found. (It never gives the very probabilities of one unbroken stream: see above.)
 */
export const WARMUP_SAMPLES = 48 * WINDOW_SAMPLES;

export interface VadSlicerOptions {
  /** New samples a slice, whole windows. */
  readonly sliceSamples?: number;
  /** Repeated samples before them, whole windows. */
  readonly warmupSamples?: number;
}

/**
 * Slices come out in order: their probabilities, one array after the other, are those of the windows of the run from its
 * first sample on, whatever pieces the PCM came in.
 */
export class VadSlicer {
  readonly #sliceSamples: number;
  readonly #warmupSamples: number;
  /** The slice being filled: warm-up, then new samples. */
  #buffer: Float32Array;
  #filled = 0;
  #warmup = 0;

  constructor(options: VadSlicerOptions = {}) {
    this.#sliceSamples = options.sliceSamples ?? SLICE_SAMPLES;
    this.#warmupSamples = options.warmupSamples ?? WARMUP_SAMPLES;
    if (this.#sliceSamples % WINDOW_SAMPLES !== 0 || this.#warmupSamples % WINDOW_SAMPLES !== 0) {
      throw new RangeError('Slices and their warm-up are whole windows.');
    }
    this.#buffer = new Float32Array(this.#sliceSamples);
  }

  /** Takes the next PCM of the run; gives the slices that it fills. */
  push(pcm: Float32Array): VadSlice[] {
    const slices: VadSlice[] = [];
    for (let from = 0; from < pcm.length;) {
      const piece = pcm.subarray(from, from + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      from += piece.length;
      if (this.#filled === this.#buffer.length) slices.push(this.#next());
    }
    return slices;
  }

  /** The run is over: the slice of what is left, if anything is. */
  end(): VadSlice[] {
    return this.#filled > this.#warmup
      ? [{ pcm: this.#buffer.slice(0, this.#filled), warmupSamples: this.#warmup }]
      : [];
  }

  #next(): VadSlice {
    const slice = { pcm: this.#buffer, warmupSamples: this.#warmup };
    const warmup = this.#buffer.subarray(Math.max(0, this.#buffer.length - this.#warmupSamples));
    this.#buffer = new Float32Array(warmup.length + this.#sliceSamples);
    this.#buffer.set(warmup);
    this.#filled = this.#warmup = warmup.length;
    return slice;
  }
}
