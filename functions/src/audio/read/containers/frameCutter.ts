/** Decoded samples to frames, in blocks of a second. */
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../pcm.ts';
import type { SourceFrame } from '../pcm.ts';
import type { Batch } from './batch.ts';

/** Frames that decoded audio is cut into: 10 ms, as most wearables cut theirs. */
const FRAME_SAMPLES = 10 * SAMPLES_PER_MS;
const FRAME_BYTES = 2 * FRAME_SAMPLES;

/** Frames of silence share their payload: hours of it take no memory. */
const SILENCE = new Uint8Array(FRAME_BYTES);

export class FrameCutter {
  #block: SourceFrame[] = [];
  #blockSamples = 0;
  /** Audio that does not fill a frame yet. */
  #rest = new Uint8Array(0);

  *push({ parts, pcm }: Batch): Generator<readonly SourceFrame[], void, undefined> {
    let at = 0;
    for (const { kind, samples } of parts) {
      if (kind === 'audio') {
        yield* this.#audio(pcm.subarray(at, at + 2 * samples));
        at += 2 * samples;
        continue;
      }
      yield* this.#endAudio();
      for (let left = samples; left > 0; left -= FRAME_SAMPLES) {
        const length = Math.min(left, FRAME_SAMPLES);
        yield* this.#add({ payload: kind === 'lost' ? null : SILENCE.subarray(0, 2 * length), samples: length });
      }
    }
  }

  *end(): Generator<readonly SourceFrame[], void, undefined> {
    yield* this.#endAudio();
    if (this.#block.length > 0) yield this.#block;
    this.#block = [];
  }

  *#audio(pcm: Uint8Array): Generator<readonly SourceFrame[], void, undefined> {
    const bytes = new Uint8Array(this.#rest.length + pcm.length);
    bytes.set(this.#rest);
    bytes.set(pcm, this.#rest.length);
    let at = 0;
    for (; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES) {
      yield* this.#add({ payload: bytes.subarray(at, at + FRAME_BYTES), samples: FRAME_SAMPLES });
    }
    this.#rest = bytes.slice(at);
  }

  /** What is left of a stretch of audio is a shorter frame. */
  *#endAudio(): Generator<readonly SourceFrame[], void, undefined> {
    if (this.#rest.length > 0) yield* this.#add({ payload: this.#rest, samples: this.#rest.length / 2 });
    this.#rest = new Uint8Array(0);
  }

  *#add(frame: SourceFrame): Generator<readonly SourceFrame[], void, undefined> {
    this.#block.push(frame);
    this.#blockSamples += frame.samples;
    if (this.#blockSamples < SAMPLE_RATE) return;
    yield this.#block;
    this.#block = [];
    this.#blockSamples = 0;
  }
}
