/** One track through all parts of a recording. Runs in the sandbox. */
import type { ChannelConverter } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import type { FrameResampler, FrameShape } from './libavDecoder.ts';
import type { Timeline } from './timeline.ts';

/** Bytes a second where nothing was decoded to measure by: speech in Opus at 32 kbit/s. */
export const USUAL_BYTES_PER_SECOND = 4000;

export interface Track {
  readonly timeline: Timeline;
  output: {
    readonly shape: FrameShape;
    readonly resampler: FrameResampler;
    readonly channels: ChannelConverter;
  } | null;
  /** Whether bytes are missing or damaged since its last packet. */
  isDamaged: boolean;
  lastSeconds: number;
  /** The longest packet, in ticks of its time stamps. */
  longestTicks: number;
  bytes: number;
}

/** As far as it was decoded. */
export function bytesPerSecond(track: Track): number {
  const seconds = track.timeline.length / SAMPLE_RATE;
  return seconds > 0 && track.bytes > 0 ? track.bytes / seconds : USUAL_BYTES_PER_SECOND;
}

/** Takes what a resampler holds back. */
export function drain(track: Track): void {
  if (track.output === null) return;
  for (const planes of track.output.resampler.push(null)) track.timeline.fill(track.output.channels.push(planes));
  track.output.resampler.close();
  track.output = null;
  track.timeline.padWithZeros();
}
