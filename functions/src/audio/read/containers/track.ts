/** One track over all parts of a recording. Runs in the sandbox. */
import type { ChannelConverter } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import type { FrameResampler, FrameShape } from './libavDecoder.ts';
import type { Timeline } from './timeline.ts';

/** Bytes a second if nothing was decoded by which to measure: speech in Opus at 32 kbit/s. */
export const USUAL_BYTES_PER_SECOND = 4000;

export interface Track {
  readonly timeline: Timeline;
  output: {
    readonly shape: FrameShape;
    readonly resampler: FrameResampler;
    readonly channels: ChannelConverter;
  } | null;
  /** Whether bytes behind its last packet are missing or damaged. */
  isDamaged: boolean;
  lastSeconds: number;
  /** The longest packet, in ticks of its time stamps. */
  longestTicks: number;
  bytes: number;
}

/** The mean bytes a second of the audio decoded so far. */
export function bytesPerSecond(track: Track): number {
  const seconds = track.timeline.length / SAMPLE_RATE;
  return seconds > 0 && track.bytes > 0 ? track.bytes / seconds : USUAL_BYTES_PER_SECOND;
}

/** Adds the samples that the resampler holds back, and closes it. */
export function drain(track: Track): void {
  if (track.output === null) return;
  for (const planes of track.output.resampler.push(null)) track.timeline.fill(track.output.channels.push(planes));
  track.output.resampler.close();
  track.output = null;
  track.timeline.padWithZeros();
}
