/** Rebuilds the frames of a chunk that was planned earlier, from its recordings read again. */
import { hasAudio } from './frameWindow.ts';
import type { KeptFrame } from './frameWindow.ts';
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import type { SourceFrame } from '../read/pcm.ts';
import type { Span } from './timeMap.ts';

type FrameRange = Pick<Span, 'recordingId' | 'firstFrame' | 'endFrame'>;

/**
 * Give it the recordings of the chunk's spans, in the order of the spans, and all frames of each from its first on; what no
 * span names is ignored.
 */
export class SpanCollector {
  readonly #spans: readonly FrameRange[];
  readonly #preRollSamples: number;
  readonly #frames: KeptFrame[] = [];
  #preRoll: KeptFrame[] = [];
  #recordingId: string | null = null;
  #ordinal = 0;
  /** The span that the next frame is looked for in. */
  #next = 0;

  /** @param preRollMs as the chunk was planned with. */
  constructor(spans: readonly FrameRange[], preRollMs: number) {
    this.#spans = spans;
    this.#preRollSamples = Math.round(preRollMs * SAMPLES_PER_MS);
  }

  startRecording(recordingId: string): void {
    this.#recordingId = recordingId;
    this.#ordinal = 0;
  }

  addFrames(frames: readonly SourceFrame[]): void {
    for (const frame of frames) this.#add(frame, this.#ordinal++);
  }

  /** Whether a span of the present recording is not complete yet. */
  get needsMore(): boolean {
    return this.#spans[this.#next]?.recordingId === this.#recordingId;
  }

  /** @throws Error when frames of the spans were not among those given: these are not the recordings that were planned. */
  collected(): { readonly preRoll: readonly KeptFrame[]; readonly frames: readonly KeptFrame[] } {
    const wanted = this.#spans.reduce((sum, { firstFrame, endFrame }) => sum + endFrame - firstFrame, 0);
    if (this.#frames.length !== wanted) {
      throw new Error(`Of ${wanted} planned frames the recordings now hold ${this.#frames.length}.`);
    }
    return { preRoll: this.#preRoll, frames: this.#frames };
  }

  #add(frame: SourceFrame, ordinal: number): void {
    const span = this.#spans[this.#next];
    if (span?.recordingId !== this.#recordingId) return;
    if (ordinal < span.firstFrame) {
      if (this.#next === 0) this.#remember(frame);
      return;
    }
    if (hasAudio(frame)) this.#frames.push(frame);
    if (ordinal + 1 === span.endFrame) this.#next++;
  }

  /** Keeps the last frames before the first span: as many as the pre-roll needs, none from before a lost one. */
  #remember(frame: SourceFrame): void {
    if (!hasAudio(frame)) {
      this.#preRoll = [];
      return;
    }
    this.#preRoll.push(frame);
    let samples = this.#preRoll.reduce((sum, kept) => sum + kept.samples, 0);
    for (let first = this.#preRoll[0]; first; first = this.#preRoll[0]) {
      samples -= first.samples;
      if (samples < this.#preRollSamples) return;
      this.#preRoll.shift();
    }
  }
}
