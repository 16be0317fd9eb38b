/** A recording's channels as the pipeline takes them: at 16 kHz, mixed to one, side by side, or both. */
import { deinterleave, MixDown } from './mixDown.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';
import { Resampler } from './resampler.ts';
import { s16leToFloat } from './s16.ts';

/** What becomes of channels: one mix; or two as they are, and of more the mix, followed by each of them. */
export type ChannelMode = 'mixed' | 'separate';

/** Samples of channels, in [-1, 1], all of the same length. */
export type Planes = readonly Float32Array[];

/** How far two channels must be alike, as the cosine between them, to be one sound: what two microphones of one phone hear. */
const ONE_SOUND = 0.5;

/** Mean square below which a channel carries nothing: -60 dBFS. */
export const AUDIBLE = 1e-6;

export class ChannelConverter {
  /** Channels that come out. */
  readonly width: number;
  readonly #mode: ChannelMode;
  readonly #mixDown: MixDown | null;
  /** One for each channel that comes out; none at 16 kHz. */
  readonly #resamplers: readonly Resampler[];

  /** @param sampleRate samples a second of each channel that comes in */
  constructor(channels: number, sampleRate: number, mode: ChannelMode) {
    this.width = widthOf(channels, mode);
    this.#mode = mode;
    this.#mixDown = this.width === 2 ? null : new MixDown(channels, sampleRate);
    const outputs = sampleRate === SAMPLE_RATE ? 0 : this.width;
    this.#resamplers = Array.from({ length: outputs }, () => new Resampler(sampleRate));
  }

  /** @param planes the next samples of each channel. @returns the output that is certain by now: a resampler runs behind its input */
  push(planes: Planes): Planes {
    const kept = this.#mixDown === null ? planes : withMix(this.#mixDown.push(planes), planes, this.#mode);
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

function widthOf(channels: number, mode: ChannelMode): number {
  if (mode === 'mixed' || channels === 1) return 1;
  return channels === 2 ? 2 : 1 + channels;
}

/** A mix as it goes on, with what was mixed where that is wanted apart. */
export function withMix(mix: Float32Array, planes: Planes, mode: ChannelMode): Planes {
  return mode === 'mixed' || planes.length === 1 ? [mix] : [mix, ...planes];
}

export function lengthOfPlanes(planes: Planes): number {
  return planes[0]?.length ?? 0;
}

export function slicePlanes(planes: Planes, start: number, end: number): Planes {
  return planes.map((plane) => plane.subarray(start, end));
}

/** One array of samples, the channels in turn. */
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
 * The samples of frames of PCM, silence where they have none: as many channels as any frame has, if they are wanted apart; what has
 * one is then in each.
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

/** Channels of a frame of PCM. */
function channelsIn(bytes: Uint8Array | null, samples: number): number {
  return bytes === null || samples === 0 ? 1 : Math.max(1, Math.round(bytes.length / 2 / samples));
}

/** Whether channels carry several sounds, as those of a call do. */
export function areApart(planes: Planes, audible = AUDIBLE): boolean {
  return soundsAmong(planes, audible).length > 1;
}

/**
 * The channels that are not silent, without those that are one sound with another: a mono recording in a stereo file, a phone with two
 * microphones.
 * @param audible mean square below which a channel is silent
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
