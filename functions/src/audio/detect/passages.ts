/** Cuts the frames of a run, while they stream in, into passages that threads can search for speech in parallel. */
import { OPUS_CONVERGENCE_SAMPLES, SAMPLE_RATE } from '../read/pcm.ts';
import type { SourceFrame } from '../read/pcm.ts';
import { WINDOW_SAMPLES } from './vad.ts';

/** A stretch of a run's frames, with as many frames before it as the decoder and the model need to warm up. */
export interface Passage {
  /** The form of the payloads. */
  readonly codec: 'opus' | 's16';
  /** The frames directly before. They belong to earlier passages. */
  readonly lead: readonly SourceFrame[];
  readonly frames: readonly SourceFrame[];
  /** Leading samples of `lead` that only the Opus decoder needs, to converge. */
  readonly skipSamples: number;
  /** The windows behind those samples that only warm the model up. */
  readonly warmupWindows: number;
  /** How many windows are judged: those that `frames` complete. The last passage includes a partial window. */
  readonly windows: number;
}

/** The new audio of a passage, samples, and the warm-up before it, windows. */
export interface PassageSizes {
  readonly newSamples: number;
  readonly warmupWindows: number;
}

/**
 * Windows before the judged ones that warm the model up: 2 s. With 1.5 s it misses more speech that is as loud as the noise.
 * With 3 s it takes a sixth longer and detects no more (`npm run bench:hearing`).
 */
export const WARMUP_WINDOWS = 62;

/**
 * New audio of a passage: one minute. The warm-up, which is decoded twice, is then a thirtieth of it, and a few minutes of
 * audio occupy all processors.
 */
const PASSAGE_SIZES: PassageSizes = { newSamples: 60 * SAMPLE_RATE, warmupWindows: WARMUP_WINDOWS };

/**
 * Cuts a run into passages, in order. Each frame of the run belongs to one passage. The probabilities of all passages, one
 * after the other, are those of the windows of the run from its first sample on. The calls into which the frames are divided
 * make no difference.
 */
export class PassageCutter {
  readonly #codec: Passage['codec'];
  readonly #sizes: PassageSizes;
  /** The last frames of the passages so far, oldest first, and the sample of the run at which they start. */
  #lead: SourceFrame[] = [];
  #leadStart = 0;
  #frames: SourceFrame[] = [];
  #samples = 0;
  #cutAt = 0;
  /** How many windows the passages so far judge. */
  #windows = 0;

  constructor(codec: Passage['codec'], sizes: PassageSizes = PASSAGE_SIZES) {
    this.#codec = codec;
    this.#sizes = sizes;
  }

  /** @param frames the next frames of the run. @returns the passages that they complete */
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

  /** The run has ended. @returns the passage of the remaining frames, if there are any */
  end(): Passage[] {
    const windows = Math.ceil(this.#samples / WINDOW_SAMPLES);
    return this.#frames.length > 0 || windows > this.#windows ? [this.#cut(windows)] : [];
  }

  /** @returns the passage of the frames since the last one, if there are any. For callers that cannot wait until it is full */
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
