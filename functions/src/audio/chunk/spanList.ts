/** A time map to which frames are being added. */
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import { absoluteMs } from './frameWindow.ts';
import type { AudibleFrame } from './frameWindow.ts';
import type { Span } from './timeMap.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class SpanList {
  readonly #spans: Mutable<Span>[] = [];
  #samples = 0;

  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** The samples of all frames. */
  get samples(): number {
    return this.#samples;
  }

  add(placed: AudibleFrame): void {
    const span = this.#continuedBy(placed) ?? this.#startSpan(placed);
    span.endFrame++;
    span.durationMs += placed.frame.samples / SAMPLES_PER_MS;
    this.#samples += placed.frame.samples;
  }

  /** Whether the frame directly follows the last span in the same recording. */
  isContinuedBy(placed: AudibleFrame): boolean {
    return this.#continuedBy(placed) !== null;
  }

  #continuedBy({ recording, ordinal }: AudibleFrame): Mutable<Span> | null {
    const span = this.#spans.at(-1);
    return span?.fileName === recording.fileName && span.endFrame === ordinal ? span : null;
  }

  #startSpan(placed: AudibleFrame): Mutable<Span> {
    const span = {
      fileName: placed.recording.fileName,
      firstFrame: placed.ordinal,
      endFrame: placed.ordinal,
      chunkStartMs: this.#samples / SAMPLES_PER_MS,
      startMs: absoluteMs(placed),
      durationMs: 0,
    };
    this.#spans.push(span);
    return span;
  }
}
