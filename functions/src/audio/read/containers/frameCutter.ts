/** Cuts decoded samples into frames, in blocks of a second. */
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../pcm.ts';
import type { SourceFrame } from '../pcm.ts';
import type { Batch } from './batch.ts';

/** The length of a frame of decoded audio: 10 ms, as in most wearables. */
const FRAME_SAMPLES = 10 * SAMPLES_PER_MS;

/** Frames of silence share this payload, so that hours of silence take no memory. */
const SILENCE = new Uint8Array(2 * FRAME_SAMPLES);

export class FrameCutter {
  #block: SourceFrame[] = [];
  #blockSamples = 0;
  /** The audio that does not fill a frame yet. */
  #rest = new Uint8Array(0);
  /** The number of channels of the audio. */
  #width = 1;

  *push({ parts, pcm }: Batch): Generator<readonly SourceFrame[], void, undefined> {
    let at = 0;
    for (const { kind, samples, width = 1 } of parts) {
      if (kind === 'audio') {
        if (width !== this.#width) yield* this.#endAudio();
        this.#width = width;
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

  /** The rest of a stretch of audio becomes a shorter frame. */
  *#endAudio(): Generator<readonly SourceFrame[], void, undefined> {
    if (this.#rest.length > 0) yield* this.#addAudio(this.#rest);
    this.#rest = new Uint8Array(0);
  }

  /** Bytes of one sample of all channels. */
  get #sampleBytes(): number {
    return 2 * this.#width;
  }

  *#addAudio(payload: Uint8Array): Generator<readonly SourceFrame[], void, undefined> {
    const samples = payload.length / this.#sampleBytes;
    yield* this.#add({ ...(this.#width > 2 ? takenApart(payload, samples) : { payload }), samples });
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

/** Separates a mix from the channels that follow it. */
function takenApart(interleaved: Uint8Array, samples: number): Pick<SourceFrame, 'payload' | 'apart'> {
  const all = new Int16Array(interleaved.slice().buffer);
  const width = all.length / samples;
  const isMix = (_: number, i: number): boolean => i % width === 0;
  const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer);
  return { payload: bytesOf(all.filter(isMix)), apart: bytesOf(all.filter((_, i) => !isMix(_, i))) };
}
