/** Limits on what decoding a recording may cost. A recording beyond them is refused, and the message states the limit. */
import { AppError } from '../../../errors.ts';

/** The sampling rates that a track may have, Hz: from half of the telephone's to that of studio equipment. */
const MIN_SAMPLE_RATE = 4000;
const MAX_SAMPLE_RATE = 192_000;

/** The largest number of channels of one track: that of 7.1. */
export const MAX_CHANNELS = 8;

/** The largest number of audio tracks of one file. All of them are decoded. */
export const MAX_TRACKS = 8;

/**
 * The largest number of samples that one recording may have over all channels and tracks: 25 hours of stereo at 48 kHz. Each
 * task counts them from the start of the recording, so no number of tasks decodes more of it. The slowest decoder takes about
 * ten minutes for them.
 */
const MAX_DECODED_SAMPLES = 25 * 3600 * 2 * 48_000;

/** How many samples could be decoded in the time that opening a part of a file takes: some milliseconds. */
const SAMPLES_OF_OPENING = 40_000;

/** Counts the samples of one recording. */
export class Workload {
  #samples = 0;

  /** @throws AppError `recording_corrupt` beyond {@link MAX_DECODED_SAMPLES} */
  add(samples: number): void {
    this.#samples += samples;
    if (this.#samples <= MAX_DECODED_SAMPLES) return;
    throw new AppError('recording_corrupt', {
      message: `The recording holds more than ${MAX_DECODED_SAMPLES} samples over all channels and tracks, or too many parts.`,
    });
  }

  /**
   * Counts the opening of a part of the file: for a link of a few bytes it costs more than decoding. @throws AppError as {@link
   * add}
   */
  open(): void {
    this.add(SAMPLES_OF_OPENING);
  }
}

/**
 * The memory limit of the decoder for a file, bytes: for the decoder itself, and for an index of up to 32 bytes for each byte
 * of the file.
 */
export function memoryLimit(fileBytes: number): number {
  return Math.min(64 * 1024 * 1024 + 32 * fileBytes, 512 * 1024 * 1024);
}

/** The longest time without output of a decoder, milliseconds. It reads from memory, so all that time it is working. */
export const MAX_STALL_MS = 60_000;

/** The message that refuses a track; null if the track is plausible, or does not state its rate yet. */
export function implausible({
  sampleRate,
  channels,
}: {
  readonly sampleRate: number;
  readonly channels: number;
}): string | null {
  const isPlausible =
    (sampleRate === 0 || (sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE)) && channels <= MAX_CHANNELS;
  if (isPlausible) return null;
  return `The recording claims ${channels} channels at ${sampleRate} Hz; at most ${MAX_CHANNELS} channels at ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz are decoded.`;
}

/** The message that refuses a file with too many tracks. */
export function tooManyTracks(tracks: number): string {
  return `The recording has ${tracks} audio tracks; at most ${MAX_TRACKS} are decoded.`;
}
