/** Decoded samples to frames, in blocks of a second. */
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../pcm.ts';
import type { SourceFrame } from '../pcm.ts';
import type { Batch } from './batch.ts';

/** Frames that decoded audio is cut into: 10 ms, as most wearables cut theirs. */
const FRAME_SAMPLES = 10 * SAMPLES_PER_MS;

/** Frames of silence share their payload: hours of it take no memory. */
const SILENCE = new Uint8Array(2 * FRAME_SAMPLES);

export class FrameCutter {
  #block: SourceFrame[] = [];
  #blockSamples = 0;
  /** Audio that does not fill a frame yet. */
  #rest = new Uint8Array(0);
  #isStereo = false;

  *push({ parts, pcm }: Batch): Generator<readonly SourceFrame[], void, undefined> {
    let at = 0;
    for (const { kind, samples, isStereo = false } of parts) {
      if (kind === 'audio') {
        if (isStereo !== this.#isStereo) yield* this.#endAudio();
        this.#isStereo = isStereo;
        const end = at + samples * this.#sampleBytes;
        yield* this.#audio(pcm.subarray(at, end));
        at = end;
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
    const frameBytes = FRAME_SAMPLES * this.#sampleBytes;
    for (; at + frameBytes <= bytes.length; at += frameBytes) {
      yield* this.#addAudio(bytes.subarray(at, at + frameBytes));
    }
    this.#rest = bytes.slice(at);
  }

  /** What is left of a stretch of audio is a shorter frame. */
  *#endAudio(): Generator<readonly SourceFrame[], void, undefined> {
    if (this.#rest.length > 0) yield* this.#addAudio(this.#rest);
    this.#rest = new Uint8Array(0);
  }

  /** Bytes of one sample of all channels. */
  get #sampleBytes(): number {
    return this.#isStereo ? 4 : 2;
  }

  *#addAudio(payload: Uint8Array): Generator<readonly SourceFrame[], void, undefined> {
    yield* this.#add({ payload, samples: payload.length / this.#sampleBytes });
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
