/** The chunk to which frames are being added. */
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import type { SpeechContext } from './context.ts';
import type { AudibleFrame, KeptFrame } from './frameWindow.ts';
import { SpanList } from './spanList.ts';
import type { Span } from './timeMap.ts';

/**
 * The largest number of spans of a chunk. Its result is one Firestore document of 1 MiB, in which a span takes some 200 bytes.
 */
const MAX_SPANS = 1000;

export interface PlannedChunk {
  /** The frames directly before the first span, of the same recording. Only the decoder needs them; it drops their audio. */
  readonly preRoll: readonly KeptFrame[];
  /** The speech before the chunk that is sent with it. It is not part of the chunk. */
  readonly context: SpeechContext;
  /** The time map; never empty. */
  readonly spans: readonly Span[];
  /** The frames of the spans, in order. */
  readonly frames: readonly KeptFrame[];
  /** The duration of the frames, without pre-roll. */
  readonly durationMs: number;
  /** The start of the first span, Unix milliseconds. */
  readonly startMs: number;
  /** The end of the last span, Unix milliseconds. */
  readonly endMs: number;
  /** The sample of the run up to which everything is planned with this chunk. */
  readonly endSample: number;
}

/** A chunk that is being filled with frames. */
export class OpenChunk {
  endSample = 0;
  /** The position of its first frame on the axis of the run, samples. */
  readonly startSample: number;
  readonly #context: SpeechContext;
  readonly #preRoll: readonly KeptFrame[];
  readonly #frames: KeptFrame[] = [];
  readonly #timeMap = new SpanList();

  constructor(context: SpeechContext, preRoll: readonly KeptFrame[], startSample: number) {
    this.#context = context;
    // If there is a context, the decoder has converged within it.
    this.#preRoll = context.frames.length > 0 ? [] : preRoll;
    this.startSample = startSample;
  }

  /** The samples without pre-roll and context. */
  get samples(): number {
    return this.#timeMap.samples;
  }

  get endMs(): number {
    const last = this.#timeMap.spans.at(-1);
    return last ? last.startMs + last.durationMs : -Infinity;
  }

  hasRoomFor(placed: AudibleFrame, maxSamples: number): boolean {
    if (this.samples + placed.frame.samples > maxSamples) return false;
    return this.#timeMap.spans.length < MAX_SPANS || this.#timeMap.isContinuedBy(placed);
  }

  add(placed: AudibleFrame): void {
    this.#timeMap.add(placed);
    this.endSample = placed.start + placed.frame.samples;
    this.#frames.push(placed.frame);
  }

  plan(): PlannedChunk {
    const { spans } = this.#timeMap;
    return {
      preRoll: this.#preRoll,
      context: this.#context,
      spans,
      frames: this.#frames,
      durationMs: this.samples / SAMPLES_PER_MS,
      startMs: spans[0]?.startMs ?? NaN,
      endMs: this.endMs,
      endSample: this.endSample,
    };
  }
}
