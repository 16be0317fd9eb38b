/** Speech regions: from the probabilities of windows to padded stretches of speech. */
import { SAMPLE_RATE } from '../read/pcm.ts';
import { WINDOW_SAMPLES } from './vad.ts';

/** A stretch with speech in it, in samples from the start of its run; `end` is exclusive. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export interface RegionOptions {
  /** Probability from which a window starts speech, or keeps it going. */
  readonly threshold: number;
  /** Probability below which silence may begin. */
  readonly releaseThreshold: number;
  /** Windows at or above `threshold`, together this long (ms), that make a region worth keeping. */
  readonly minSpeechMs: number;
  /** Silence that ends a region, ms. Never less than the two paddings: regions whose paddings would meet are one. */
  readonly minSilenceMs: number;
  /** Audio kept before the first window of speech, ms. */
  readonly startPadMs: number;
  /** Audio kept after the last window of speech, ms. */
  readonly endPadMs: number;
  /** Longest region; a longer one is cut at its least probable place. */
  readonly maxSamples: number;
  /** Where the first region may start: what lies before belongs to another passage. */
  readonly notBefore: number;
}

/**
 * Thresholds by `npm run bench:hearing` on real speech; the rest tuned on `dev/samples`, also at a tenth of their level and under
 * white, pink, hum and knocking noise: no word lost or clipped, nothing found in silence.
 */
export const REGION_DEFAULTS: RegionOptions = {
  // Silero's own get_speech_timestamps has 0.5. Meetings and speech as loud as the noise gain two points of recall from 0.4 to 0.3;
  // near speech costs one point more audio, and steady noise still gives nothing.
  threshold: 0.3,
  // `threshold - 0.15`, as in get_speech_timestamps.
  releaseThreshold: 0.15,
  // Two windows. Silero's 250 ms would drop a quick "yes".
  minSpeechMs: 64,
  // Pauses between sentences are longer, pauses within them shorter; the transcriber needs sentences whole.
  minSilenceMs: 700,
  // A soft onset was detected up to 90 ms late; the Opus decoder needs 80 ms more to converge after a jump (RFC 7845, 4.6).
  startPadMs: 200,
  // Detection outlasts words by 50 ms and more: most of this is a natural pause for the transcriber.
  endPadMs: 160,
  maxSamples: Infinity,
  notBefore: 0,
};

/** The region under way. */
interface OpenRegion {
  readonly start: number;
  /** Windows of speech in it, those before a cut included. */
  speechWindows: number;
  /** The window where the silence at its end began; null while there is speech. */
  quietSince: number | null;
  /** Where it would be cut: the middle of the least probable window of its last quarter. */
  cut: number;
  cutProbability: number;
}

/** Finds the regions of one run while its probabilities stream in. Regions are in order and never overlap. */
export class RegionDetector {
  readonly #options: RegionOptions;
  readonly #startPad: number;
  readonly #endPad: number;
  readonly #minSpeechWindows: number;
  readonly #minSilenceWindows: number;
  /** Windows seen. */
  #windows = 0;
  #open: OpenRegion | null = null;
  /** Where the last cut was: no region starts before. (After silence the next start is far enough: see minSilenceMs.) */
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

  /** No region that is still to come starts before this sample. */
  get nextRegionFrom(): number {
    return this.#open?.start ?? this.#paddedStart();
  }

  /** Takes the next windows' probabilities; gives the regions that they end. */
  push(probabilities: Float32Array): Region[] {
    const regions: Region[] = [];
    for (const probability of probabilities) {
      const region = this.#step(probability);
      if (region) regions.push(region);
    }
    return regions;
  }

  /** The run is over after `totalSamples`: the region still open, if any. */
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

  /** Where a region would start whose speech starts with the next window. */
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
