/**
 * The context of a chunk: the last speech before it, with which it begins. So the transcriber gets the voices of the chunk
 * before once more, and its numbers can be matched. The words of the context are dropped, and it covers nothing.
 */
import { SAMPLES_PER_MS } from '../read/pcm.ts';
import { absoluteMs } from './frameWindow.ts';
import type { AudibleFrame, KeptFrame, PlacedFrame } from './frameWindow.ts';
import { SpanList } from './spanList.ts';
import type { Span } from './timeMap.ts';

/** The largest context, as a share of the speech since the last context: it is billed like any other audio. */
const MAX_SHARE = 0.05;

/** Audio that is sent only so that voices can be matched. */
export interface SpeechContext {
  /** Its own time map, which starts at 0. */
  readonly spans: readonly Span[];
  readonly frames: readonly KeptFrame[];
  readonly durationMs: number;
}

const NO_CONTEXT: SpeechContext = { spans: [], frames: [], durationMs: 0 };

/** The last speech of a run, whether it is planned now or was covered before: so the context is the same in every attempt. */
export class SpeechTail {
  readonly #maxSamples: number;
  readonly #gapMs: number;
  readonly #frames: AudibleFrame[] = [];
  #samples = 0;
  /** The samples of speech since the last context. */
  #speechSamples = 0;

  /**
   * @param maxMs the longest context, milliseconds; 0 for none
   * @param gapMs speech that is this far away, milliseconds, belongs to another conversation and is no context
   */
  constructor(maxMs: number, gapMs: number) {
    this.#maxSamples = Math.round(maxMs * SAMPLES_PER_MS);
    this.#gapMs = gapMs;
  }

  add(placed: AudibleFrame): void {
    if (this.#maxSamples === 0) return;
    this.#frames.push(placed);
    this.#samples += placed.frame.samples;
    this.#speechSamples += placed.frame.samples;
    while (this.#samples - (this.#frames[0]?.frame.samples ?? 0) >= this.#maxSamples) {
      this.#samples -= this.#frames.shift()?.frame.samples ?? 0;
    }
  }

  /** The context of a chunk that begins with this frame; empty if there is none. */
  before(first: PlacedFrame): SpeechContext {
    const last = this.#frames.at(-1);
    if (last === undefined || absoluteMs(first) - endMs(last) >= this.#gapMs) return NO_CONTEXT;
    const allowed = Math.min(this.#maxSamples, MAX_SHARE * this.#speechSamples);
    let samples = 0;
    let from = this.#frames.length;
    for (let i = from - 1; i >= 0; i--) {
      const placed = this.#frames[i];
      if (placed === undefined || samples + placed.frame.samples > allowed) break;
      samples += placed.frame.samples;
      from = i;
    }
    if (samples === 0) return NO_CONTEXT;
    this.#speechSamples = 0;
    return contextOf(this.#frames.slice(from));
  }
}

function contextOf(placed: readonly AudibleFrame[]): SpeechContext {
  const timeMap = new SpanList();
  for (const each of placed) timeMap.add(each);
  const frames = placed.map(({ frame }) => frame);
  return { spans: timeMap.spans, frames, durationMs: timeMap.samples / SAMPLES_PER_MS };
}

function endMs(placed: PlacedFrame): number {
  return absoluteMs(placed) + placed.frame.samples / SAMPLES_PER_MS;
}
