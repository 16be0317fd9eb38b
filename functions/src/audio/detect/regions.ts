/** Finds regions: stretches of speech, with padding, from the probabilities of windows. */
import { SAMPLE_RATE } from '../read/pcm.ts';
import { WINDOW_SAMPLES } from './vad.ts';

/** A stretch with speech in it. Positions are samples from the start of its run; `end` is exclusive. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export interface RegionOptions {
  /** The probability from which on a window starts or continues speech. */
  readonly threshold: number;
  /** The probability below which silence may begin. */
  readonly releaseThreshold: number;
  /**
   * The total duration of the windows at or above `threshold` that a region must have, milliseconds. Shorter ones are dropped.
   */
  readonly minSpeechMs: number;
  /**
   * The silence that ends a region, milliseconds. It is never shorter than both paddings: regions whose paddings would meet are
   * one region.
   */
  readonly minSilenceMs: number;
  /** The audio that is kept before the first window of speech, milliseconds. */
  readonly startPadMs: number;
  /** The audio that is kept after the last window of speech, milliseconds. */
  readonly endPadMs: number;
  /** The longest region, samples. A longer one is cut at the window of its last quarter that is least likely to be speech. */
  readonly maxSamples: number;
  /** The sample from which on the first region may start. Audio before it belongs to another passage. */
  readonly notBefore: number;
}

/**
 * The thresholds were chosen with `npm run bench:hearing` on real speech. The other values were chosen on `dev/samples`, also
 * at a tenth of the level, and with white noise, pink noise, hum and knocking: no word was lost or clipped, and nothing was
 * found in silence.
 */
export const REGION_DEFAULTS: RegionOptions = {
  // Silero's get_speech_timestamps uses 0.5. From 0.4 to 0.3, recall grows by two points in meetings and for speech as loud as
  // the noise. For near speech, one point more audio is sent. In steady noise, still nothing is found.
  threshold: 0.3,
  // `threshold - 0.15`, as in get_speech_timestamps.
  releaseThreshold: 0.15,
  // Two windows. Silero's 250 ms would drop a quick "yes".
  minSpeechMs: 64,
  // Pauses between sentences are longer, and pauses within sentences are shorter: the transcriber needs whole sentences.
  minSilenceMs: 700,
  // Soft onsets were detected up to 90 ms late. The Opus decoder needs another 80 ms to converge after a jump (RFC 7845 section
  // 4.6).
  startPadMs: 200,
  // Detection ends 50 ms or more after a word, so most of the padding is a natural pause for the transcriber.
  endPadMs: 160,
  maxSamples: Infinity,
  notBefore: 0,
};

/** The region that has begun and not ended. */
interface OpenRegion {
  readonly start: number;
  /** How many windows of speech it has, those before a cut included. */
  speechWindows: number;
  /** The window at which the silence at its end began; null while there is speech. */
  quietSince: number | null;
  /** Where it would be cut: the middle of the least probable window of its last quarter so far. */
  cut: number;
  cutProbability: number;
}

/** Finds the regions of one run while its probabilities stream in. Regions come in order and never overlap. */
export class RegionDetector {
  readonly #options: RegionOptions;
  readonly #startPad: number;
  readonly #endPad: number;
  readonly #minSpeechWindows: number;
  readonly #minSilenceWindows: number;
  /** How many windows were pushed. */
  #windows = 0;
  #open: OpenRegion | null = null;
  /** The last cut: no region starts before it. (After silence, the next region starts late enough: see minSilenceMs.) */
  #floor: number;

  constructor(options: Partial<RegionOptions> = {}) {
    this.#options = { ...REGION_DEFAULTS, ...options };
    this.#startPad = toSamples(this.#options.startPadMs);
    this.#endPad = toSamples(this.#options.endPadMs);
    const minSilence = Math.max(toSamples(this.#options.minSilenceMs), this.#startPad + this.#endPad);
    this.#minSilenceWindows = Math.max(1, Math.ceil(minSilence / WINDOW_SAMPLES));
    this.#minSpeechWindows = Math.ceil(toSamples(this.#options.minSpeechMs) / WINDOW_SAMPLES);
    this.#floor = this.#options.notBefore;
  }

  /** No later region starts before this sample. */
  get nextRegionFrom(): number {
    return this.#open?.start ?? this.#paddedStart();
  }

  /** @param probabilities those of the next windows. @returns the regions that end with them */
  push(probabilities: Float32Array): Region[] {
    const regions: Region[] = [];
    for (const probability of probabilities) {
      const region = this.#step(probability);
      if (region) regions.push(region);
    }
    return regions;
  }

  /** The run has ended with `totalSamples` samples. @returns the region that is still open, if any */
  end(totalSamples: number): Region[] {
    if (!this.#open) return [];
    const region = this.#close(this.#open, totalSamples);
    return region ? [region] : [];
  }

  #step(probability: number): Region | null {
    const { threshold, releaseThreshold } = this.#options;
    if (!this.#open && probability >= threshold) this.#open = openRegion(this.#paddedStart());
    const window = this.#windows++;
    const open = this.#open;
    if (!open) return null;

    if (probability >= threshold) {
      open.speechWindows++;
      open.quietSince = null;
    } else if (probability < releaseThreshold) {
      open.quietSince ??= window;
    }
    if (open.quietSince !== null && this.#windows - open.quietSince >= this.#minSilenceWindows) {
      return this.#close(open, Infinity);
    }
    return this.#cutIfTooLong(open, window, probability);
  }

  #close(open: OpenRegion, totalSamples: number): Region | null {
    this.#open = null;
    const speechEnd = (open.quietSince ?? this.#windows) * WINDOW_SAMPLES;
    const end = Math.min(speechEnd + this.#endPad, totalSamples);
    return open.speechWindows >= this.#minSpeechWindows && end > open.start ? { start: open.start, end } : null;
  }

  #cutIfTooLong(open: OpenRegion, window: number, probability: number): Region | null {
    const { maxSamples } = this.#options;
    const start = window * WINDOW_SAMPLES;
    if (start + WINDOW_SAMPLES - open.start > maxSamples) {
      this.#floor = open.cut;
      this.#open = { ...openRegion(open.cut), speechWindows: open.speechWindows, quietSince: open.quietSince };
      return { start: open.start, end: open.cut };
    }
    if (start - open.start >= 0.75 * maxSamples && probability <= open.cutProbability) {
      open.cut = start + WINDOW_SAMPLES / 2;
      open.cutProbability = probability;
    }
    return null;
  }

  /** The sample at which a region would start if its speech started with the next window. */
  #paddedStart(): number {
    return Math.max(this.#floor, this.#windows * WINDOW_SAMPLES - this.#startPad);
  }
}

function openRegion(start: number): OpenRegion {
  return { start, speechWindows: 0, quietSince: null, cut: start, cutProbability: Infinity };
}

function toSamples(ms: number): number {
  return Math.round((ms * SAMPLE_RATE) / 1000);
}
