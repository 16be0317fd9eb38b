/** A window of frames that moves along the axis of a run: the frames that may still be needed. */
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import type { SourceFrame } from '../read/pcm.ts';

export interface RecordingRef {
  readonly fileName: string;
  /** The start of capture, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** A frame that has audio. */
export interface KeptFrame extends SourceFrame {
  readonly payload: Uint8Array;
}

/** A frame with its place in the run. Positions are in samples. */
export interface PlacedFrame {
  readonly frame: SourceFrame;
  readonly recording: RecordingRef;
  /** The ordinal of the frame in its recording. Lost frames are counted. */
  readonly ordinal: number;
  /** The position from the start of the recording. */
  readonly offset: number;
  /** The position from the start of the run. */
  readonly start: number;
  /** The ordinal of the frame in the run. */
  readonly index: number;
}

/** A frame with audio and with its place in the run. */
export type AudibleFrame = PlacedFrame & { readonly frame: KeptFrame };

/** When a frame starts, Unix milliseconds. */
export function absoluteMs({ recording, offset }: PlacedFrame): number {
  return recording.startedAtMs + offset / SAMPLES_PER_MS;
}

const COMPACT_AT = 4096;

export class FrameWindow {
  readonly #preRollSamples: number;
  #recording: RecordingRef | null = null;
  #ordinal = 0;
  #offset = 0;
  #totalSamples = 0;
  /** The frames of the run from ordinal `#base` on. Those before index `#next` are kept only as pre-roll. */
  #frames: PlacedFrame[] = [];
  #base = 0;
  #next = 0;

  constructor(preRollSamples: number) {
    this.#preRollSamples = preRollSamples;
  }

  /** Samples of the run so far. */
  get totalSamples(): number {
    return this.#totalSamples;
  }

  startRecording(recording: RecordingRef): void {
    this.#recording = recording;
    this.#ordinal = 0;
    this.#offset = 0;
  }

  add(frame: SourceFrame): void {
    if (!this.#recording) throw new Error('Frames came before the recording that they belong to.');
    this.#frames.push({
      frame,
      recording: this.#recording,
      ordinal: this.#ordinal++,
      offset: this.#offset,
      start: this.#totalSamples,
      index: this.#base + this.#frames.length,
    });
    this.#offset += frame.samples;
    this.#totalSamples += frame.samples;
  }

  /** Removes the frames that overlap a stretch of the run, and all frames before it. @returns the frames that overlap it */
  removeUntil(start: number, end: number): PlacedFrame[] {
    this.#skipTo(start);
    const removed: PlacedFrame[] = [];
    for (let placed = this.#peek(); placed && placed.start < end; placed = this.#peek()) {
      removed.push(placed);
      this.#next++;
    }
    return removed;
  }

  /** The frames with audio directly before `placed`, in the same recording: as many as the pre-roll needs. */
  preRollOf(placed: PlacedFrame): KeptFrame[] {
    const preRoll: KeptFrame[] = [];
    let samples = 0;
    for (let index = placed.index - 1; samples < this.#preRollSamples; index--) {
      const before = this.#frames[index - this.#base];
      if (before?.recording !== placed.recording || !hasAudio(before.frame)) break;
      preRoll.push(before.frame);
      samples += before.frame.samples;
    }
    return preRoll.reverse();
  }

  /**
   * Drops the frames before `nextRegionFrom` that no pre-roll needs. The caller promises that no region will start before it.
   */
  forget(nextRegionFrom: number): void {
    this.#skipTo(nextRegionFrom);
    if (this.#next < COMPACT_AT || this.#next * 2 < this.#frames.length) return;
    const keepFrom = (this.#peek()?.start ?? this.#totalSamples) - this.#preRollSamples;
    let drop = this.#next;
    while (drop > 0 && endOf(this.#frames[drop - 1]) > keepFrom) drop--;
    this.#frames = this.#frames.slice(drop);
    this.#base += drop;
    this.#next -= drop;
  }

  /** The first frame that was not removed; undefined if there is none. */
  get upcoming(): PlacedFrame | undefined {
    return this.#peek();
  }

  #skipTo(sample: number): void {
    for (let placed = this.#peek(); placed; placed = this.#peek()) {
      if (endOf(placed) > sample) return;
      this.#next++;
    }
  }

  #peek(): PlacedFrame | undefined {
    return this.#frames[this.#next];
  }
}

export function hasAudio(frame: SourceFrame): frame is KeptFrame {
  return frame.payload !== null;
}

function endOf(placed: PlacedFrame | undefined): number {
  return placed ? placed.start + placed.frame.samples : -Infinity;
}
