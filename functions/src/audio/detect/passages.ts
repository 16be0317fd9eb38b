/** Cuts the frames of a run, as they stream by, into passages that can be listened to side by side. */
import { OPUS_CONVERGENCE_SAMPLES, SAMPLE_RATE } from '../read/pcm.ts';
import type { SourceFrame } from '../read/pcm.ts';
import { WINDOW_SAMPLES } from './vad.ts';

/** A stretch of a run's frames, with as much before it as decoder and model need to settle. */
export interface Passage {
  /** What the frames' payloads are. */
  readonly codec: 'opus' | 's16';
  /** Frames directly before, which the passages before this one hold as their own. */
  readonly lead: readonly SourceFrame[];
  readonly frames: readonly SourceFrame[];
  /** Leading samples of the lead that are for the Opus decoder alone. */
  readonly skipSamples: number;
  /** Windows behind them that only settle the model. */
  readonly warmupWindows: number;
  /** Windows to judge: those of the run that `frames` complete; for the last passage, a partial one too. */
  readonly windows: number;
}

/** How much new audio a passage has, samples, and the warm-up before it, windows. */
export interface PassageSizes {
  readonly newSamples: number;
  readonly warmupWindows: number;
}

/**
 * Windows before those that are judged, for the model to settle: 2 s. With 1.5 s it misses more speech at the level of the noise;
 * with 3 s it costs a sixth more and hears no more (`npm run bench:hearing`).
 */
export const WARMUP_WINDOWS = 62;

/** A minute: what is decoded twice, for the warm-up, is a thirtieth, and a few minutes of audio keep all processors busy. */
const PASSAGE_SIZES: PassageSizes = { newSamples: 60 * SAMPLE_RATE, warmupWindows: WARMUP_WINDOWS };

/**
 * Passages come out in order: their probabilities, one array after the other, are those of the windows of the run from its
 * first sample on, however its frames were pushed; and their frames are those of the run, each in one passage.
 */
export class PassageCutter {
  readonly #codec: Passage['codec'];
  readonly #sizes: PassageSizes;
  /** The end of what was cut already, oldest first, and where in the run it starts. */
  #lead: SourceFrame[] = [];
  #leadStart = 0;
  #frames: SourceFrame[] = [];
  #samples = 0;
  #cutAt = 0;
  /** Windows that passages so far judge. */
  #windows = 0;

  constructor(codec: Passage['codec'], sizes: PassageSizes = PASSAGE_SIZES) {
    this.#codec = codec;
    this.#sizes = sizes;
  }

  /** Takes the next frames of the run; gives the passages that they fill. */
  push(frames: readonly SourceFrame[]): Passage[] {
    const passages: Passage[] = [];
    for (const frame of frames) {
      this.#frames.push(frame);
      this.#samples += frame.samples;
      if (this.#samples - this.#cutAt >= this.#sizes.newSamples) {
        passages.push(this.#cut(Math.floor(this.#samples / WINDOW_SAMPLES)));
      }
    }
    return passages;
  }

  /** The run is over: the passage of what is left, if anything is. */
  end(): Passage[] {
    const windows = Math.ceil(this.#samples / WINDOW_SAMPLES);
    return this.#frames.length > 0 || windows > this.#windows ? [this.#cut(windows)] : [];
  }

  /** The passage of the frames since the last one, if there are any: for those who cannot wait until it is full. */
  flush(): Passage[] {
    return this.#frames.length > 0 ? [this.#cut(Math.floor(this.#samples / WINDOW_SAMPLES))] : [];
  }

  #cut(windows: number): Passage {
    const firstWindow = Math.max(0, this.#windows - this.#sizes.warmupWindows);
    const passage = {
      codec: this.#codec,
      lead: this.#lead,
      frames: this.#frames,
      skipSamples: firstWindow * WINDOW_SAMPLES - this.#leadStart,
      warmupWindows: this.#windows - firstWindow,
      windows: windows - this.#windows,
    };
    this.#windows = windows;
    this.#keepLead();
    this.#frames = [];
    this.#cutAt = this.#samples;
    return passage;
  }

  #keepLead(): void {
    const wanted = (this.#windows - this.#sizes.warmupWindows) * WINDOW_SAMPLES - OPUS_CONVERGENCE_SAMPLES;
    const held = [...this.#lead, ...this.#frames];
    let start = this.#samples;
    let first = held.length;
    for (let frame = held[first - 1]; frame && start > wanted; frame = held[first - 1]) {
      start -= frame.samples;
      first--;
    }
    this.#lead = held.slice(first);
    this.#leadStart = start;
  }
}
