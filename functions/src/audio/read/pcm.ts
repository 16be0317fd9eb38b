/** The PCM of the pipeline: 16 kHz, Float32 in [-1, 1], one array for each channel. */

/** Samples a second of all PCM inside the pipeline: the rate of Silero VAD and of most wearables. */
export const SAMPLE_RATE = 16_000;

/** Samples in a millisecond at {@link SAMPLE_RATE}. */
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** The time after which an Opus decoder that starts within a stream has converged: 80 ms (RFC 7845 section 4.6). */
export const OPUS_CONVERGENCE_SAMPLES = 80 * SAMPLES_PER_MS;

/**
 * One frame of a recording as a chunk carries it. `payload` is the original Opus packet, or, for every other codec, PCM at 16
 * kHz: signed 16-bit little-endian samples, interleaved if two channels are kept apart. It is null if the frame was lost
 * (corrupt) or is empty; such a frame still takes its time.
 */
export interface SourceFrame {
  readonly payload: Uint8Array | null;
  /** Duration in samples at {@link SAMPLE_RATE}. */
  readonly samples: number;
  /**
   * PCM of the single channels or tracks whose mix is the payload, interleaved. Speech is searched for in each of them; they
   * are dropped after detection.
   */
  readonly apart?: Uint8Array;
  /** The loudness, RMS from 0 to 1. Set only if it was measured during detection. */
  readonly level?: number;
  /** True if the result of this frame is stored already, so it is not sent again. */
  readonly isCovered?: boolean;
  /** True if nothing was recorded here: that is silence, and no audio is lost. */
  readonly isEmpty?: true;
}

/** Whether a frame of PCM holds two channels. */
export function isStereoPcm({ payload, samples }: SourceFrame): boolean {
  return payload !== null && samples > 0 && payload.length === 4 * samples;
}

/** Whether a frame's audio was lost. */
export function isLost({ payload, isEmpty }: SourceFrame): boolean {
  return payload === null && isEmpty !== true;
}

/** What reading one recording found, apart from the audio itself. */
export interface ReadReport {
  /** Frames that were read, empty frames included. */
  frames: number;
  /** Frames lost to corruption. The number is an estimate if lengths were lost. */
  corruptFrames: number;
  /** The duration of those lost frames, seconds. It is part of the recording's duration. */
  corruptSeconds: number;
  /** Bytes of a torn last frame. A torn Opus packet gives no audio. */
  tornBytes: number;
  /** Why the rest of the file could not be read; null if all of it was read. */
  stoppedBecause: string | null;
}
