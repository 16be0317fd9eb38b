/** The chunk that frames are added to at the moment. */
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import type { SpeechContext } from './context.ts';
import type { AudibleFrame, KeptFrame } from './frameWindow.ts';
import { SpanList } from './spanList.ts';
import type { Span } from './timeMap.ts';

/** Spans of a chunk at most: its checkpoint is one Firestore document of 1 MiB, where a span takes some 200 bytes. */
const MAX_SPANS = 1000;

export interface PlannedChunk {
  /** Frames directly before the first span, of the same recording: for the decoder only, which drops what they become. */
  readonly preRoll: readonly KeptFrame[];
  /** Speech before it, which is sent with it and is no part of it. */
  readonly context: SpeechContext;
  /** The time map; never empty. */
  readonly spans: readonly Span[];
  /** The frames of the spans, in order. */
  readonly frames: readonly KeptFrame[];
  /** Of the frames, without pre-roll. */
  readonly durationMs: number;
  /** Unix milliseconds at which the first span starts. */
  readonly startMs: number;
  /** Unix milliseconds at which the last span ends. */
  readonly endMs: number;
  /** Position on the run axis up to which everything is planned with this chunk: where to resume after it. */
  readonly endSample: number;
}

/** A chunk while frames are added to it. */
export class OpenChunk {
  endSample = 0;
  /** Run axis position of its first frame. */
  readonly startSample: number;
  readonly #context: SpeechContext;
  readonly #preRoll: readonly KeptFrame[];
  readonly #frames: KeptFrame[] = [];
  readonly #timeMap = new SpanList();

  constructor(context: SpeechContext, preRoll: readonly KeptFrame[], startSample: number) {
    this.#context = context;
    // Behind a context its decoder is under way already.
    this.#preRoll = context.frames.length > 0 ? [] : preRoll;
    this.startSample = startSample;
  }

  /** Without pre-roll and context. */
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
