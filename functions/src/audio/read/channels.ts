/** The channels of a recording in the forms that the pipeline uses: at 16 kHz, mixed to one, kept apart, or both. */
import { deinterleave, MixDown } from './mixDown.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';
import { Resampler } from './resampler.ts';
import { s16leToFloat } from './s16.ts';

/**
 * `mixed`: all channels become one mix. `separate`: two channels stay as they are; more than two become their mix, followed by
 * each of them.
 */
export type ChannelMode = 'mixed' | 'separate';

/** The samples of each channel, in [-1, 1]. All arrays have the same length. */
export type Planes = readonly Float32Array[];

/** Two channels are one sound if the cosine between them is at least this, as for two microphones of one phone. */
const ONE_SOUND = 0.5;

/** The mean square below which a channel is silent: -60 dBFS. */
export const AUDIBLE = 1e-6;

export class ChannelConverter {
  /** How many channels the output has. */
  readonly width: number;
  readonly #mode: ChannelMode;
  readonly #mixDown: MixDown | null;
  /** One resampler for each channel of the output; none if the input has 16 kHz. */
  readonly #resamplers: readonly Resampler[];

  /** @param sampleRate samples a second of each channel of the input */
  constructor(channels: number, sampleRate: number, mode: ChannelMode) {
    this.width = widthOf(channels, mode);
    this.#mode = mode;
    this.#mixDown = this.width === 2 ? null : new MixDown(channels, sampleRate);
    const outputs = sampleRate === SAMPLE_RATE ? 0 : this.width;
    this.#resamplers = Array.from({ length: outputs }, () => new Resampler(sampleRate));
  }

  /**
   * @param planes the next samples of each channel
   * @returns the output that later input cannot change: a resampler is behind its input
   */
  push(planes: Planes): Planes {
    const kept = this.#mixDown === null ? planes : withMix(this.#mixDown.push(planes), planes, this.#mode);
    return this.#resamplers.length === 0 ? kept : this.#resamplers.map((each, i) => each.push(planeOf(kept, i)));
  }

  /** The rest of the output. */
  end(): Planes {
    return this.#resamplers.map((each) => each.end());
  }

  /** How many output samples so many samples of each channel make in total. */
  lengthOf(inputSamples: number): number {
    return this.#resamplers[0]?.lengthOf(inputSamples) ?? inputSamples;
  }
}

function widthOf(channels: number, mode: ChannelMode): number {
  if (mode === 'mixed' || channels === 1) return 1;
  return channels === 2 ? 2 : 1 + channels;
}

/** The channels that are passed on: the mix, followed by the mixed channels if they are wanted apart. */
export function withMix(mix: Float32Array, planes: Planes, mode: ChannelMode): Planes {
  return mode === 'mixed' || planes.length === 1 ? [mix] : [mix, ...planes];
}

export function lengthOfPlanes(planes: Planes): number {
  return planes[0]?.length ?? 0;
}

export function slicePlanes(planes: Planes, start: number, end: number): Planes {
  return planes.map((plane) => plane.subarray(start, end));
}

/** Interleaves the samples of all channels in one array. */
export function interleave(planes: Planes): Float32Array {
  const [first = new Float32Array(0)] = planes;
  if (planes.length === 1) return first;
  const pcm = new Float32Array(planes.length * first.length);
  for (const [channel, plane] of planes.entries()) {
    for (let i = 0; i < plane.length; i++) pcm[i * planes.length + channel] = plane[i] ?? 0;
  }
  return pcm;
}

/**
 * The samples of PCM frames. Frames without audio are silence. With `separate`, there are as many channels as the frame with
 * the most channels has; a frame with a single channel is copied to each.
 */
export function pcmOf(frames: readonly SourceFrame[], mode: ChannelMode): Planes {
  const total = frames.reduce((sum, { samples }) => sum + samples, 0);
  const bytesOf = ({ apart, payload }: SourceFrame) => (mode === 'separate' ? (apart ?? payload) : payload);
  const widths = frames.map((frame) => channelsIn(bytesOf(frame), frame.samples));
  const width = widths.reduce((most, each) => Math.max(most, each), 1);
  const planes = Array.from({ length: width }, () => new Float32Array(total));
  let at = 0;
  for (const [index, frame] of frames.entries()) {
    const { samples } = frame;
    const bytes = bytesOf(frame);
    if (bytes !== null) {
      const pcm = s16leToFloat(bytes);
      const own = widths[index] ?? 1;
      const channels = own > 1 ? deinterleave(pcm, own) : [pcm];
      for (const [i, plane] of planes.entries()) plane.set((channels[i] ?? pcm).subarray(0, samples), at);
    }
    at += samples;
  }
  return width > 1 && mode === 'mixed' ? [new MixDown(width, SAMPLE_RATE).push(planes)] : planes;
}

/** How many channels a PCM frame has. */
function channelsIn(bytes: Uint8Array | null, samples: number): number {
  return bytes === null || samples === 0 ? 1 : Math.max(1, Math.round(bytes.length / 2 / samples));
}

/** Whether the channels carry different sounds, as the two sides of a recorded call do. */
export function carryDifferentSounds(planes: Planes, audible = AUDIBLE): boolean {
  return soundsAmong(planes, audible).length > 1;
}

/**
 * The channels with different sounds: silent channels are left out, and channels that repeat another's sound, as in a mono
 * recording in a stereo file, or from two microphones of one phone.
 * @param audible the mean square below which a channel is silent
 */
export function soundsAmong(planes: Planes, audible = AUDIBLE): Planes {
  const sounds: { readonly plane: Float32Array; readonly squares: number }[] = [];
  for (const plane of planes) {
    const squares = productOf(plane, plane);
    const isKnown = sounds.some(
      (other) => Math.abs(productOf(plane, other.plane)) >= ONE_SOUND * Math.sqrt(squares * other.squares),
    );
    if (squares > audible * plane.length && !isKnown) sounds.push({ plane, squares });
  }
  return sounds.map(({ plane }) => plane);
}

function productOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function planeOf(planes: Planes, index: number): Float32Array {
  return planes[index] ?? new Float32Array(0);
}
