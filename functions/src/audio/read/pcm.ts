/** The one PCM form inside the pipeline: 16 kHz, mono, Float32 in [-1, 1]. */

/** Samples a second of all PCM inside the pipeline: the rate of Silero VAD and of most wearables. */
export const SAMPLE_RATE = 16_000;

/** Samples in a millisecond at {@link SAMPLE_RATE}. */
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** A decoder that starts within an Opus stream has converged after this long: 80 ms (RFC 7845 section 4.6). */
export const OPUS_CONVERGENCE_SAMPLES = 80 * SAMPLES_PER_MS;

/**
 * One frame of a recording as a chunk carries it.
 * `payload` is the original Opus packet, or 16 kHz signed 16-bit little-endian PCM for every other codec;
 * null where the frame was lost (corrupt) or is empty, so that time goes on. PCM of two channels that are kept apart is interleaved.
 */
export interface SourceFrame {
  readonly payload: Uint8Array | null;
  /** Duration in samples at {@link SAMPLE_RATE}. */
  readonly samples: number;
  /** PCM of the channels or tracks that are mixed in the payload, interleaved: speech is looked for in each. Not kept beyond that. */
  readonly apart?: Uint8Array;
  /** How loud it is, RMS from 0 to 1; set where it was listened to. */
  readonly level?: number;
  /** Not to be sent: its result is stored. */
  readonly isCovered?: boolean;
  /** Set where there is no audio because nothing was recorded: that is silence, and nothing is lost. */
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

/** What reading one recording found besides audio. */
export interface ReadReport {
  /** Frames that were read, empty ones among them. */
  frames: number;
  /** Frames lost to corruption (estimated where lengths were lost). */
  corruptFrames: number;
  /** Seconds those lost frames stand for; they are part of the recording's duration. */
  corruptSeconds: number;
  /** Bytes of a torn last frame; of a packet they stand for no audio. */
  tornBytes: number;
  /** Why the rest of the file could not be read, if that happened. */
  stoppedBecause: string | null;
}
