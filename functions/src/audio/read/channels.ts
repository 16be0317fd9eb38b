/** A recording's channels as the pipeline takes them: at 16 kHz, mixed to one, or two of them side by side. */
import { deinterleave, MixDown } from './mixDown.ts';
import { isStereoPcm, SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';
import { Resampler } from './resampler.ts';
import { s16leToFloat } from './s16.ts';

/** What becomes of two channels: one mix, or each as it is. What has another number of channels is mixed in any case. */
export type ChannelMode = 'mixed' | 'separate';

/** Samples of one or two channels, in [-1, 1], all of the same length. */
export type Planes = readonly Float32Array[];

/** How far two channels must be alike, as the cosine between them, to be one sound: what two microphones of one phone hear. */
const ONE_SOUND = 0.5;

/** Mean square below which a channel carries nothing: -60 dBFS. */
export const AUDIBLE = 1e-6;

export class ChannelConverter {
  /** Channels that come out. */
  readonly width: 1 | 2;
  readonly #mixDown: MixDown | null;
  /** One for each channel that comes out; none at 16 kHz. */
  readonly #resamplers: readonly Resampler[];

  /** @param sampleRate samples a second of each channel that comes in */
  constructor(channels: number, sampleRate: number, mode: ChannelMode) {
    this.width = mode === 'separate' && channels === 2 ? 2 : 1;
    this.#mixDown = this.width === 2 ? null : new MixDown(channels, sampleRate);
    const outputs = sampleRate === SAMPLE_RATE ? 0 : this.width;
    this.#resamplers = Array.from({ length: outputs }, () => new Resampler(sampleRate));
  }

  /** @param planes the next samples of each channel. @returns the output that is certain by now: a resampler runs behind its input */
  push(planes: Planes): Planes {
    const kept = this.#mixDown === null ? planes : [this.#mixDown.push(planes)];
    return this.#resamplers.length === 0 ? kept : this.#resamplers.map((each, i) => each.push(planeOf(kept, i)));
  }

  /** The rest of the output. */
  end(): Planes {
    return this.#resamplers.map((each) => each.end());
  }

  /** Output samples that so many samples of each channel make, all in all. */
  lengthOf(inputSamples: number): number {
    return this.#resamplers[0]?.lengthOf(inputSamples) ?? inputSamples;
  }
}

export function lengthOfPlanes(planes: Planes): number {
  return planes[0]?.length ?? 0;
}

export function slicePlanes(planes: Planes, start: number, end: number): Planes {
  return planes.map((plane) => plane.subarray(start, end));
}

/** One array of samples, the channels in turn. */
export function interleave(planes: Planes): Float32Array {
  const [left = new Float32Array(0), right] = planes;
  if (right === undefined) return left;
  const pcm = new Float32Array(2 * left.length);
  for (let i = 0; i < left.length; i++) {
    pcm[2 * i] = left[i] ?? 0;
    pcm[2 * i + 1] = right[i] ?? 0;
  }
  return pcm;
}

/**
 * The samples of frames of PCM, silence where they have none: two channels if they are wanted apart and any frame has two; what has
 * one is then in both.
 */
export function pcmOf(frames: readonly SourceFrame[], mode: ChannelMode): Planes {
  const total = frames.reduce((sum, { samples }) => sum + samples, 0);
  const isStereo = frames.some(isStereoPcm);
  const planes = Array.from({ length: isStereo ? 2 : 1 }, () => new Float32Array(total));
  let at = 0;
  for (const frame of frames) {
    const { payload, samples } = frame;
    if (payload !== null) {
      const pcm = s16leToFloat(payload);
      const channels = isStereoPcm(frame) ? deinterleave(pcm, 2) : [pcm];
      for (const [i, plane] of planes.entries()) plane.set((channels[i] ?? pcm).subarray(0, samples), at);
    }
    at += samples;
  }
  return isStereo && mode === 'mixed' ? [new MixDown(2, SAMPLE_RATE).push(planes)] : planes;
}

/**
 * Whether two channels carry two sounds, as those of a call do. They do not where one is silent, or where both are one sound: a mono
 * recording in a stereo file, a phone with two microphones.
 * @param audible mean square below which a channel is silent
 */
export function areApart([left, right]: Planes, audible = AUDIBLE): boolean {
  if (left === undefined || right === undefined) return false;
  let product = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let i = 0; i < left.length; i++) {
    const a = left[i] ?? 0;
    const b = right[i] ?? 0;
    product += a * b;
    leftSquares += a * a;
    rightSquares += b * b;
  }
  const isAudible = Math.min(leftSquares, rightSquares) > audible * left.length;
  return isAudible && Math.abs(product) < ONE_SOUND * Math.sqrt(leftSquares * rightSquares);
}

function planeOf(planes: Planes, index: number): Float32Array {
  return planes[index] ?? new Float32Array(0);
}
