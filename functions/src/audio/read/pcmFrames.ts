/** Raw PCM frames (pcm16, pcm8) of any rate and one or two channels to 16 kHz mono. */
import { LIMITS } from '../../config.ts';
import type { FramedFormat } from './format.ts';
import type { EncodedFrame, FrameSource } from './framedRecording.ts';
import { MixDown } from './mixDown.ts';
import { SAMPLE_RATE, type SourceFrame } from './pcm.ts';
import { Resampler } from './resampler.ts';
import { floatToS16le } from './s16.ts';

export class PcmFrames implements FrameSource {
  readonly sampleRate: number;
  readonly maxPayloadBytes = LIMITS.maxFrameBytes;
  readonly #format: FramedFormat;
  readonly #mixDown: MixDown;
  readonly #resampler: Resampler | null;
  /** Frames whose output the resampler has not given in full yet, and what it has given of them. */
  #waiting: readonly EncodedFrame[] = [];
  #held = new Float32Array(0);
  /** Input samples of the frames that were given out. */
  #inputDone = 0;

  constructor(format: FramedFormat) {
    this.#format = format;
    this.sampleRate = format.sampleRate;
    this.#mixDown = new MixDown(format.channels, format.sampleRate);
    this.#resampler = format.sampleRate === SAMPLE_RATE ? null : new Resampler(format.sampleRate);
  }

  toSourceFrames(frames: readonly EncodedFrame[]): SourceFrame[] {
    const input = this.#toMono(frames);
    this.#waiting = [...this.#waiting, ...frames];
    return this.#giveOut(this.#resampler?.push(input) ?? input);
  }

  end(): SourceFrame[] {
    return this.#giveOut(this.#resampler?.end() ?? new Float32Array(0));
  }

  /** Cuts the output at frame borders. */
  #giveOut(output: Float32Array): SourceFrame[] {
    const held = concat(this.#held, output);
    const lengths: number[] = [];
    let length = 0;
    for (const frame of this.#waiting) {
      const samples = this.#outputLength(this.#inputDone + frame.samples) - this.#outputLength(this.#inputDone);
      if (length + samples > held.length) break;
      lengths.push(samples);
      length += samples;
      this.#inputDone += frame.samples;
    }
    const pcm = held.slice(0, length);
    const frames = cutFrames(this.#waiting, lengths, pcm);
    this.#waiting = this.#waiting.slice(lengths.length);
    this.#held = held.slice(length);
    return frames;
  }

  #outputLength(inputSamples: number): number {
    return this.#resampler?.lengthOf(inputSamples) ?? inputSamples;
  }

  #toMono(frames: readonly EncodedFrame[]): Float32Array {
    const length = frames.reduce((sum, { samples }) => sum + samples, 0);
    const { codec, channels } = this.#format;
    const planes = Array.from({ length: channels }, () => new Float32Array(length));
    const sampleAt = codec === 'pcm8' ? u8At : s16At;
    let offset = 0;
    for (const { payload, samples } of frames) {
      for (const [channel, plane] of planes.entries()) {
        for (let i = 0; payload !== null && i < samples; i++)
          plane[offset + i] = sampleAt(payload, i * channels + channel);
      }
      offset += samples;
    }
    return this.#mixDown.push(planes);
  }
}

/** Pairs each frame with its part of the PCM; one buffer holds the payloads of a block. */
function cutFrames(encoded: readonly EncodedFrame[], lengths: readonly number[], pcm: Float32Array): SourceFrame[] {
  const bytes = floatToS16le(pcm);
  let start = 0;
  const frames = lengths.map((samples, i): SourceFrame => {
    const end = start + samples;
    const source = encoded[i];
    const payload = source?.payload ? bytes.subarray(2 * start, 2 * end) : null;
    start = end;
    return source?.isEmpty ? { payload, samples, isEmpty: true } : { payload, samples };
  });
  return frames.filter(({ samples }) => samples > 0);
}

/** Sample `index` of signed 16-bit little-endian PCM, in [-1, 1). */
function s16At(bytes: Uint8Array, index: number): number {
  const low = bytes[2 * index] ?? 0;
  const high = bytes[2 * index + 1] ?? 0;
  return ((((high << 8) | low) << 16) >> 16) / 0x8000;
}

/** Sample `index` of unsigned 8-bit PCM, in [-1, 1). */
function u8At(bytes: Uint8Array, index: number): number {
  return ((bytes[index] ?? 0x80) - 0x80) / 0x80;
}

function concat(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
