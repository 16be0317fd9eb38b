/** Converts raw PCM frames (pcm16, pcm8) of any rate, with one or two channels, to 16 kHz. */
import { LIMITS } from 'offline-audio-sync-contract';
import type { FramedFormat } from './format.ts';
import type { EncodedFrame, FrameSource } from './framedRecording.ts';
import { ChannelConverter, interleave } from './channels.ts';
import type { ChannelMode, Planes } from './channels.ts';
import type { SourceFrame } from './pcm.ts';
import { floatToS16le } from './s16.ts';

export class PcmFrames implements FrameSource {
  readonly sampleRate: number;
  readonly maxPayloadBytes = LIMITS.maxFrameBytes;
  readonly #format: FramedFormat;
  readonly #channels: ChannelConverter;
  /** The frames whose output the resampler has not finished, and the output that it has given for them. */
  #waiting: readonly EncodedFrame[] = [];
  #held = new Float32Array(0);
  /** The input samples of all frames that were passed on. */
  #inputDone = 0;

  constructor(format: FramedFormat, channels: ChannelMode) {
    this.#format = format;
    this.sampleRate = format.sampleRate;
    this.#channels = new ChannelConverter(format.channels, format.sampleRate, channels);
  }

  toSourceFrames(frames: readonly EncodedFrame[]): SourceFrame[] {
    const input = this.#planesOf(frames);
    this.#waiting = [...this.#waiting, ...frames];
    return this.#giveOut(this.#channels.push(input));
  }

  end(): SourceFrame[] {
    return this.#giveOut(this.#channels.end());
  }

  /** Cuts the output at frame borders. */
  #giveOut(output: Planes): SourceFrame[] {
    const held = concat(this.#held, interleave(output));
    const { width } = this.#channels;
    const lengths: number[] = [];
    let length = 0;
    for (const frame of this.#waiting) {
      const samples = this.#outputLength(this.#inputDone + frame.samples) - this.#outputLength(this.#inputDone);
      if ((length + samples) * width > held.length) break;
      lengths.push(samples);
      length += samples;
      this.#inputDone += frame.samples;
    }
    const pcm = held.slice(0, length * width);
    const frames = cutFrames(this.#waiting, lengths, pcm, width);
    this.#waiting = this.#waiting.slice(lengths.length);
    this.#held = held.slice(length * width);
    return frames;
  }

  #outputLength(inputSamples: number): number {
    return this.#channels.lengthOf(inputSamples);
  }

  #planesOf(frames: readonly EncodedFrame[]): Planes {
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
    return planes;
  }
}

/** Gives each frame its part of the PCM. The payloads of a block share one buffer. */
function cutFrames(
  encoded: readonly EncodedFrame[],
  lengths: readonly number[],
  pcm: Float32Array,
  width: number,
): SourceFrame[] {
  const bytes = floatToS16le(pcm);
  let start = 0;
  const frames = lengths.map((samples, i): SourceFrame => {
    const end = start + samples;
    const source = encoded[i];
    const payload = source?.payload ? bytes.subarray(2 * width * start, 2 * width * end) : null;
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
